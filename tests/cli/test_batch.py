import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from animatex.batch import runner, supervisor
from animatex.batch.job import BatchOptions
from animatex.batch.ledger import Ledger
from animatex.batch.runner import run_jobs, run_watch
from animatex.errors import BackendError
from animatex.files import claiming
from animatex_cli.main import INTERRUPTED, run
from tests.batch.tiny import Heard, write_samples

# MediaPipe takes longer to begin than such a job to be made.
SMALL = ["--preset", "tiny", "--frames", "2", "--steps", "1", "--set", "pose.reference_pose=rig"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    write_samples(tmp_path)
    return tmp_path


@pytest.fixture
def here(place, monkeypatch):
    """Jobs are worked off in this process, which is quicker than another one."""
    monkeypatch.setattr(supervisor, "supervise", run_jobs)
    return place


def batch(*arguments: str) -> int:
    return run(
        ["animate", "--batch", "refs/*.png", "--driving", "dances", "--out-dir", "out", *SMALL, *arguments]
    )


def test_all_done_is_exit_code_0_and_paths_are_the_result(here, capsys):
    assert batch() == 0
    shown = capsys.readouterr()
    assert shown.out == "out/r0-d0.mp4\nout/r1-d0.mp4\n"
    lines = shown.err.splitlines()
    assert lines[0].startswith("1 of 2, r0-d0.mp4: ")
    assert lines[-1] == "2 jobs: 2 done"
    assert batch() == 0
    assert capsys.readouterr() == ("", "2 jobs: 2 done (2 left as they were)\n")


def told(capsys) -> dict[str, tuple[str, str]]:
    """What a dry run says of each job."""
    assert batch("--dry-run", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["jobs"]
    return {row["output"]: (row["would"], row["reason"]) for row in rows}


def test_a_dry_run_of_a_batch_lists_what_would_be_made_and_makes_nothing(here, capsys):
    assert batch("--dry-run") == 0
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines()] == [
        ["output", "would", "reason"],
        ["r0-d0.mp4", "make", "new"],
        ["r1-d0.mp4", "make", "new"],
    ]
    assert shown.err == "2 jobs: 2 to make\n"
    assert not Path("out").exists()


def test_a_dry_run_of_a_batch_says_why_jobs_are_made_again_or_left(here, capsys):
    assert batch("--quiet") == 0
    capsys.readouterr()
    before = {path: path.read_bytes() for path in Path("out").iterdir() if path.is_file()}
    assert told(capsys) == {name: ("leave", "up to date") for name in ("r0-d0.mp4", "r1-d0.mp4")}
    Path("refs/r0.png").write_text("no picture")
    Path("out/r1-d0.mp4").rename("mine.mp4")
    changed = "its files, settings, weights or the version of animatex have changed"
    assert told(capsys) == {
        "r0-d0.mp4": ("make", changed),
        "r1-d0.mp4": ("make", "its result is gone, or was changed"),
    }
    Path("mine.mp4").rename("out/r1-d0.mp4")
    assert {path: path.read_bytes() for path in Path("out").iterdir() if path.is_file()} == before
    assert batch("--quiet") == 1
    capsys.readouterr()
    assert told(capsys)["r0-d0.mp4"] == ("leave", "failed: refs/r0.png is not a picture")
    assert batch("--dry-run", "--retry-failed") == 0
    assert capsys.readouterr().err == "2 jobs: 1 to make, 1 to leave\n"
    Path("dances/d0.npz").rename("d0.npz")
    Path("jobs.csv").write_text("reference,driving\nrefs/r1.png,dances/d0.npz\n")
    assert run(["animate", "--batch", "jobs.csv", "--out-dir", "out", *SMALL, "--dry-run", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["jobs"]
    assert (row["would"], row["reason"]) == ("fail", "dances/d0.npz does not exist")


def test_a_dry_run_of_a_batch_refuses_what_the_batch_would_refuse(here, capsys):
    Path("out").write_text("a file")
    assert batch("--dry-run") == 1
    assert "error: out cannot be made a folder: " in capsys.readouterr().err
    Path("out").unlink()
    Path("out").mkdir()
    Path("out/r0-d0.mp4").write_text("mine")
    assert batch("--dry-run") == 1
    assert capsys.readouterr().err.startswith(
        "error: out/r0-d0.mp4 exist already, and the ledger knows nothing of them\n"
    )
    assert batch("--dry-run", "--force") == 0


def test_a_name_that_is_too_long_is_refused_before_anything_is_begun(here, capsys):
    Path("refs/r0.png").rename(f"refs/{'r' * 240}.png")
    for more in ((), ("--force",)):
        assert batch(*more) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"error: out/{'r' * 240}-d0.mp4 cannot be written: its name has 247 bytes")
        assert not Path("out").exists()


def test_some_failed_is_exit_code_1_also_when_nothing_was_tried(here, capsys):
    Path("refs/r0.png").write_text("no picture")
    assert batch() == 1
    shown = capsys.readouterr()
    assert shown.out == "out/r1-d0.mp4\n"
    assert "error: 1 of 2, r0-d0.mp4: refs/r0.png is not a picture\n" in shown.err
    assert shown.err.endswith("2 jobs: 1 done, 1 failed\n")
    assert batch() == 1
    assert capsys.readouterr().err == "2 jobs: 1 done, 1 failed (2 left as they were)\n"
    assert batch("--retry-failed", "--quiet") == 1
    assert capsys.readouterr() == ("", "error: 1 of 2, r0-d0.mp4: refs/r0.png is not a picture\n")


def test_json_is_one_object(here, capsys):
    Path("refs/r0.png").write_text("no picture")
    assert batch("--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"failed": 1, "done": 1}
    first, second = report["jobs"]
    assert list(first) == [
        "output", "reference", "driving", "preset", "state", "reason", "tries", "crashes", "seconds",
        "output_sha256", "settings",
    ]  # fmt: skip
    assert (first["output"], first["reason"]) == ("r0-d0.mp4", "refs/r0.png is not a picture")
    assert (second["state"], second["reason"], len(second["output_sha256"])) == ("done", None, 64)
    assert run(["batch", "status", "out/batch.ledger", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == report


def test_status_is_a_table(here, capsys):
    Path("refs/r0.png").write_text("no picture")
    batch("--quiet")
    capsys.readouterr()
    assert run(["batch", "status", "out/batch.ledger"]) == 0
    shown = capsys.readouterr()
    rows = [line.split() for line in shown.out.splitlines()]
    assert rows[0] == ["output", "state", "tries", "seconds", "reason"]
    assert rows[1] == ["r0-d0.mp4", "failed", "1", "refs/r0.png", "is", "not", "a", "picture"]
    assert rows[2][:3] == ["r1-d0.mp4", "done", "1"]
    assert shown.err == "2 jobs: 1 done, 1 failed\n"


def test_a_manifest_makes_what_it_says(here, capsys):
    Path("jobs.csv").write_text(
        "reference,driving,out,seed\nrefs/r0.png,dances/d0.npz,a/one.mp4,1\nrefs/r0.png,dances/d0.npz,,2\n"
    )
    assert run(["animate", "--batch", "jobs.csv", "--seed", "9", "--out-dir", "out", *SMALL]) == 0
    assert capsys.readouterr().out == "out/a/one.mp4\nout/r0-d0.mp4\n"
    assert "seed: 1\n" in Path("out/a/one.yaml").read_text()
    assert "seed: 2\n" in Path("out/r0-d0.yaml").read_text()


def test_shards_share_one_ledger(here, capsys):
    for index in (1, 2, 3):
        assert batch("--shard", f"{index}/3") == 0
    assert sorted(capsys.readouterr().out.split()) == ["out/r0-d0.mp4", "out/r1-d0.mp4"]
    with Ledger(Path("out/batch.ledger")) as ledger:
        assert {entry.tries for entry in ledger.entries().values()} == {1}


def test_a_wrong_manifest_is_exit_code_2_and_nothing_is_made(here, capsys):
    Path("jobs.jsonl").write_text('{"reference": "a.png", "drivin": "b.mp4"}\n')
    assert run(["animate", "--batch", "jobs.jsonl", "--out-dir", "out"]) == 2
    shown = capsys.readouterr().err
    assert "\n  jobs.jsonl:1: jobs.0.drivin: unknown key. Did you mean 'driving'?\n" in shown
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch", "jobs.csv", "hero.png"], "REFERENCE is of one video, --batch of many"),
        (["--batch", "jobs.csv", "--out", "x.mp4"], "--out is of one video, --batch of many"),
        (
            ["--batch", "jobs.csv", "--driving", "d"],
            "--driving d: the jobs of jobs.csv name their own performances",
        ),
        (["--batch", "refs/*.png"], "--batch refs/*.png: pictures need --driving"),
        (["--batch", "jobs.csv", "--shard", "0/2"], "--shard 0/2: needs I/N with I from 1 to N"),
        (["--batch", "jobs.csv", "--shard", "3/2"], "--shard 3/2: needs I/N with I from 1 to N"),
        (["--watch", "refs", "hero.png"], "REFERENCE is of one video, --watch of many"),
        (
            ["--watch", "refs", "--batch", "jobs.csv"],
            "--watch refs and --batch jobs.csv: a folder is watched, or a list worked off",
        ),
        (["--watch", "refs", "--dry-run"], "--dry-run looks once, and --watch has no end"),
        (["--watch", "refs", "--json"], "--json is one object at the end, and --watch has none"),
        (["--watch", "refs", "--poll", "0"], "--poll 0: needs seconds from 0.1 to 3600"),
        (["--watch", "refs", "--poll", "nan"], "--poll nan: needs seconds from 0.1 to 3600"),
        (["--watch", "refs", "--engine", "ray"], "--engine ray works a list off, and --watch has no end"),
        (["--batch", "jobs.csv", "--runners", "2"], "--runners is of --engine ray"),
        (["--batch", "jobs.csv", "--poll", "1"], "--poll is of --watch; a batch looks once"),
        (
            ["--watch", "refs", "--out-dir", "refs/out"],
            "--out-dir refs/out: results would arrive in refs, which is watched",
        ),
        (["a.png", "b.mp4", "--poll", "0"], "--poll is of a batch, and needs --batch or --watch"),
        (["a.png", "b.mp4", "--poll", "1"], "--poll is of a batch, and needs --batch or --watch"),
        (["a.png", "b.mp4", "--out-dir", "x"], "--out-dir is of a batch, and needs --batch or --watch"),
        (["a.png", "b.mp4", "--retry-failed"], "--retry-failed is of a batch, and needs --batch or --watch"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, message, place, capsys):
    assert run(["animate", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error: {message}"


def test_a_watch_tells_what_it_makes_and_what_it_does_not(place, monkeypatch, capsys):
    monkeypatch.setattr(supervisor, "supervise", watch_twice)
    Path("refs/notes.txt").write_text("hello")
    Path("refs/-r.png").write_bytes(Path("refs/r0.png").read_bytes())
    command = ["animate", "--watch", "refs", "--driving", "dances", "--out-dir", "out", *SMALL]
    assert run(command) == INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out == "out/r0-d0.mp4\nout/r1-d0.mp4\n"
    first, *others = shown.err.splitlines()
    assert first == "refs is watched for pictures; Ctrl-C ends that"
    assert "refs/notes.txt is no picture; left alone" in others
    assert others[0].startswith("error: refs/-r.png ")
    Path("refs/r0.png").write_text("no picture")
    assert run([*command, "--quiet"]) == INTERRUPTED
    assert "error: 1 of 1, r0-d0.mp4: refs/r0.png is not a picture" in capsys.readouterr().err
    Path("dances/d0.npz").rename("refs/d0.npz")
    assert run([*command, "--retry-failed", "--driving", "refs/d0.npz"]) == INTERRUPTED
    assert "r0-d0.mp4: refs/r0.png is not a picture" in capsys.readouterr().err


def watch_twice(watch, options, listener):
    """Watch as the command does, but for a quarter of a minute that passes in no time."""
    times = [0.0]

    def sleep(seconds):
        if len(times) == 2:
            raise KeyboardInterrupt
        times.append(15.0)

    run_watch(watch, options, listener, sleep=sleep, clock=lambda: times[-1])


def test_files_of_somebody_else_are_replaced_when_forced(here, capsys):
    Path("out").mkdir()
    Path("out/r0-d0.mp4").write_text("mine")
    assert batch() == 1
    assert capsys.readouterr().err == (
        "error: out/r0-d0.mp4 exist already, and the ledger knows nothing of them\n"
        "hint: --force to replace them, another --out-dir, or the --ledger that they were made with.\n"
    )
    assert batch("--force", "--quiet") == 0
    assert Path("out/r0-d0.mp4").read_bytes() != b"mine"


def test_a_job_that_a_plain_run_is_at_is_left_to_it_and_made_later(here, capsys):
    Path("out").mkdir()
    with claiming(Path("out/r0-d0.mp4"), force=False):
        assert batch() == 75
    shown = capsys.readouterr()
    assert shown.out == "out/r1-d0.mp4\n"
    busy = f"out/r0-d0.mp4 is being made by another run, process {os.getpid()}, which holds out/.r0-d0.lock"
    lines = shown.err.splitlines()
    assert (lines[0], lines[-1]) == (f"error: {busy}", "2 jobs: 1 done, 1 waiting (1 left as they were)")
    assert run(["batch", "status", "out/batch.ledger"]) == 0
    assert f"r0-d0.mp4  waiting  0               {busy}\n" in capsys.readouterr().out
    assert batch() == 0
    assert capsys.readouterr().out == "out/r0-d0.mp4\n"
    assert sorted(path.name for path in Path("out").glob(".*")) == []


def test_what_a_plain_run_has_made_meanwhile_is_not_replaced_unless_forced(here, monkeypatch, capsys):
    plain = [
        "animate",
        "refs/r1.png",
        "dances/d0.npz",
        "--preset",
        "tiny",
        "--out",
        "out/r1-d0.mp4",
        "--quiet",
    ]
    make = runner.animate

    def meanwhile(*given):
        monkeypatch.setattr(runner, "animate", make)
        assert run(plain) == 0
        return make(*given)

    monkeypatch.setattr(runner, "animate", meanwhile)
    assert batch() == 75
    made = Path("out/r1-d0.mp4").read_bytes()
    said = "error: out/r1-d0.mp4 and 1 more exist already, and the ledger knows nothing of them"
    assert said in capsys.readouterr().err.splitlines()
    assert batch() == 1
    assert capsys.readouterr().err.splitlines()[0] == said
    assert Path("out/r1-d0.mp4").read_bytes() == made
    assert batch("--force") == 0
    assert Path("out/r1-d0.mp4").read_bytes() != made


def test_a_plain_run_leaves_an_output_to_the_batch_that_is_at_it(here, monkeypatch, capsys):
    codes = []
    make = runner.animate

    def meanwhile(*given):
        for name in ("r0-d0.mp4", "r0-d0.mov"):
            codes.append(
                run(["animate", "refs/r0.png", "dances/d0.npz", "--preset", "tiny", "--out", f"out/{name}"])
            )
        monkeypatch.setattr(runner, "animate", make)
        return make(*given)

    monkeypatch.setattr(runner, "animate", meanwhile)
    assert batch() == 0
    assert codes == [75, 75]
    first, hint, *_ = capsys.readouterr().err.splitlines()
    holder = f"process {os.getpid()}, which holds out/.r0-d0.lock"
    assert first == f"error: out/r0-d0.mp4 is being made by another run, {holder}"
    assert hint == "hint: wait until it has ended, or another --out."


def test_print_config_shows_what_jobs_begin_with(place, capsys):
    assert batch("--print-config", "--json") == 0
    assert json.loads(capsys.readouterr().out)["config"]["clip"]["frames"] == 2


def test_a_status_of_nothing_is_refused(place, capsys):
    assert run(["batch", "status", "gone.ledger"]) == 1
    assert capsys.readouterr().err == (
        "error: gone.ledger does not exist\nhint: animatex animate --batch writes ledgers.\n"
    )


def end_at_once(*_):
    os._exit(3)


def test_a_worker_that_cannot_even_begin_is_no_endless_loop(place, monkeypatch):
    Ledger(place / "batch.ledger").close()
    monkeypatch.setattr(supervisor, "_work", end_at_once)
    with pytest.raises(BackendError, match="the process that renders ended with exit code 3 before it began"):
        supervisor.supervise((), BatchOptions(place / "batch.ledger", place), Heard())


def test_a_worker_of_its_own_does_the_same(place):
    command = [sys.executable, "-c", "from animatex_cli.main import main; main()", "animate", "--batch"]
    arguments = ["refs/*.png", "--driving", "dances", "--out-dir", "out", *SMALL]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "out/r0-d0.mp4\nout/r1-d0.mp4\n"), done.stderr
    assert done.stderr.endswith("2 jobs: 2 done\n")
