import gc
import os
import pickle
import shutil
import signal
import subprocess
import time
import tracemalloc
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from animatex.batch import runner
from animatex.batch.job import BatchOptions
from animatex.batch.ledger import Ledger
from animatex.batch.runner import run_watch
from animatex.batch.watch import Arrivals, Watch
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import ConfigError, InputError
from animatex.files import claiming
from tests.batch.test_faults import COMMAND, leftovers, outputs
from tests.batch.tiny import SETTINGS, Heard, entries, write_samples


def load(preset, settings):
    return load_config(AnimateConfig, preset_path(preset), [*SETTINGS, *settings])


@pytest.fixture
def place(tmp_path):
    """An empty inbox; pictures to put there lie in refs."""
    write_samples(tmp_path, references=3)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path


class Looking:
    """Somebody who looks once a second, on a clock that nothing else turns."""

    def __init__(self, place: Path, **changes) -> None:
        self.now = 0.0
        self.notices: list[tuple[str, bool]] = []
        given = {"folder": place / "inbox", "driving": place / "dances", "out": place / "out"} | changes
        self._arrivals = Arrivals(
            Watch(preset="tiny", load=load, **given),
            lambda text, wrong: self.notices.append((text, wrong)),
            lambda: self.now,
        )

    def poll(self, seconds: float = 1.0) -> list[str]:
        self.now += seconds
        return [job.name for job in self._arrivals.poll()]


def drop(place: Path, name: str, as_: str | None = None) -> Path:
    return Path(shutil.copy(place / "refs" / name, place / "inbox" / (as_ or name)))


def test_what_is_there_and_what_arrives_is_given_once(place):
    drop(place, "r0.png")
    looking = Looking(place)
    assert looking.poll() == ["r0-d0.mp4"]
    assert looking.poll() == []
    drop(place, "r1.png")
    drop(place, "r2.png")
    assert looking.poll() == ["r1-d0.mp4", "r2-d0.mp4"]
    assert looking.poll(1000) == []


def test_a_picture_that_is_renamed_into_place_is_taken_at_once(place):
    looking = Looking(place)
    hidden = drop(place, "r0.png", ".r0.png.k3f9")
    assert looking.poll() == []
    hidden.rename(place / "inbox" / "r0.png")
    assert looking.poll() == ["r0-d0.mp4"]


def test_a_picture_that_is_still_being_written_is_not_taken(place):
    looking = Looking(place)
    whole = (place / "refs" / "r0.png").read_bytes()
    with (place / "inbox" / "r0.png").open("wb") as file:
        for begin in range(0, len(whole), 200):
            assert looking.poll(9.9) == []
            file.write(whole[begin : begin + 200])
            file.flush()
    assert looking.poll() == ["r0-d0.mp4"]


def test_a_picture_that_stays_broken_is_given_once_and_again_when_it_changes(place):
    looking = Looking(place)
    broken = place / "inbox" / "r0.png"
    broken.write_bytes((place / "refs" / "r0.png").read_bytes()[:1000])
    assert [looking.poll(3) for _ in range(5)] == [[], [], [], [], ["r0-d0.mp4"]]
    assert looking.poll(1000) == []
    drop(place, "r0.png")
    assert looking.poll() == ["r0-d0.mp4"]


def test_what_is_no_picture_is_named_once(place):
    looking = Looking(place)
    (place / "inbox" / "notes.txt").write_text("hello")
    (place / "inbox" / "folder").mkdir()
    for _ in range(30):
        assert looking.poll() == []
    assert looking.notices == [(f"{place / 'inbox' / 'notes.txt'} is no picture; left alone", False)]


def test_performances_that_arrive_are_danced_by_all_when_they_are_whole(place):
    drop(place, "r0.png")
    looking = Looking(place)
    looking.poll()
    late = Path(shutil.copy(place / "dances" / "d0.npz", place / "dances" / "late.npz"))
    assert [looking.poll(6) for _ in range(3)] == [[], [], ["r0-late.mp4"]]
    late.write_bytes(b"changed")
    assert [looking.poll(6) for _ in range(3)] == [[], [], ["r0-late.mp4"]]


def test_two_pictures_that_would_make_one_file_make_none_until_one_has_gone(place):
    looking = Looking(place)
    drop(place, "r0.png")
    drop(place, "r0.png", "r0.jpg")
    assert looking.poll() == []
    assert looking.poll() == []
    inbox = place / "inbox"
    says = "r0-d0.mp4 is asked for by another file too; not made"
    assert looking.notices == [(f"{inbox / name}: {says}", True) for name in ("r0.jpg", "r0.png")]
    (inbox / "r0.jpg").rename(inbox / "other.jpg")
    assert sorted(looking.poll()) == ["other-d0.mp4", "r0-d0.mp4"]


def test_a_name_that_no_result_can_have_is_refused_alone(place):
    looking = Looking(place)
    drop(place, "r0.png", "-r.png")
    drop(place, "r1.png")
    assert looking.poll() == ["r1-d0.mp4"]
    ((text, wrong),) = looking.notices
    assert wrong
    assert "'-r-d0.mp4' begins with '-'; needs a letter or a digit." in text


def test_a_folder_that_is_away_for_a_while_is_said_once_and_changes_nothing(place):
    drop(place, "r0.png")
    looking = Looking(place)
    looking.poll()
    (place / "inbox").rename(place / "away")
    for _ in range(5):
        assert looking.poll() == []
    assert looking.notices == [
        (f"{place / 'inbox'}: No such file or directory; looking again until that changes", True)
    ]
    (place / "away").rename(place / "inbox")
    assert looking.poll() == []
    drop(place, "r1.png")
    assert looking.poll() == ["r1-d0.mp4"]


def test_lists_that_arrive_are_taken_when_they_are_whole(place):
    looking = Looking(place, driving=None)
    drop(place, "r0.png")
    jobs = place / "inbox" / "jobs.jsonl"
    line = '{"reference": "../refs/%s.png", "driving": "../dances/d0.npz"}\n'
    jobs.write_text(line % "r0")
    assert [looking.poll(6) for _ in range(2)] == [[], []]
    jobs.write_text(line % "r0" + line % "r1")
    assert [looking.poll(6) for _ in range(3)] == [[], [], ["r0-d0.mp4", "r1-d0.mp4"]]
    (place / "inbox" / "wrong.csv").write_text("referense\nx\n")
    assert [looking.poll(6) for _ in range(4)] == [[], [], [], []]
    ((text, wrong),) = looking.notices
    assert wrong
    assert "Did you mean 'reference'?" in text


def test_shards_of_a_folder_are_all_of_it(place):
    for name in ("r0.png", "r1.png", "r2.png"):
        drop(place, name)
    parts = [Looking(place, shard=(index, 2)).poll() for index in (1, 2)]
    assert sorted(parts[0] + parts[1]) == ["r0-d0.mp4", "r1-d0.mp4", "r2-d0.mp4"]


def test_hundreds_of_looks_leave_nothing_behind(place):
    looking = Looking(place)
    handles = Path("/proc/self/fd")

    def come_and_go(number: int) -> None:
        picture = drop(place, "r0.png", f"r{number:04}.png")
        (place / "inbox" / f"n{number:04}.txt").write_text("hello")
        assert looking.poll(20) == [f"r{number:04}-d0.mp4"]
        assert looking.poll(20) == []
        picture.unlink()
        (place / "inbox" / f"n{number:04}.txt").unlink()
        assert looking.poll(20) == []
        looking.notices.clear()

    def measure() -> tuple[int, int]:
        """Count open files and the bytes that the watch holds; tables of Python's own grow now and then."""
        gc.collect()
        ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/animatex/batch/*")])
        return len(list(handles.iterdir())), sum(trace.size for trace in ours.traces)

    for number in range(20):
        come_and_go(number)
    tracemalloc.start()
    try:
        come_and_go(20)
        open_files, held = measure()
        for number in range(21, 221):
            come_and_go(number)
        assert measure() == (open_files, pytest.approx(held, abs=1000))
    finally:
        tracemalloc.stop()


def test_what_is_watched_travels_to_other_processes(place):
    watch = Watch(place / "inbox", place / "dances", place / "out", "tiny", load)
    assert pickle.loads(pickle.dumps(watch)) == watch


def test_what_could_not_work_is_refused_at_the_start(place):
    watch = Watch(place / "inbox", place / "dances", place / "out", "tiny", load)
    watch.check()
    with pytest.raises(InputError, match="--watch gone is no folder"):
        replace(watch, folder=Path("gone")).check()
    with pytest.raises(InputError, match="r0.png is no folder") as caught:
        replace(watch, folder=place / "refs" / "r0.png").check()
    assert caught.value.hint is None
    with pytest.raises(InputError, match="inbox has no videos and no poses in it"):
        replace(watch, driving=place / "inbox").check()
    with pytest.raises(ConfigError, match="results would arrive in .*inbox, which is watched"):
        replace(watch, out=place / "inbox").check()
    with pytest.raises(ConfigError, match="results would arrive in .*dances, which is watched"):
        replace(watch, out=place / "dances" / "out").check()


class Stopped(BaseException):
    """Somebody ends the watch."""


def watch_for(place: Path, *happenings, force: bool = False) -> Heard:
    """Watch, while one thing after the other happens between two looks; then be stopped."""
    heard = Heard()
    clock = iter(range(0, 10**6, 20))
    waiting = iter(happenings)

    def sleep(seconds):
        happening = next(waiting, None)
        if happening is None:
            raise Stopped
        happening()

    watch = Watch(place / "inbox", place / "dances", place / "out", "tiny", load)
    options = BatchOptions(place / "out" / "batch.ledger", place / "weights", lease_seconds=0.6, force=force)
    with pytest.raises(Stopped):
        run_watch(watch, options, heard, sleep=sleep, clock=lambda: next(clock))
    return heard


def idle():
    pass


def test_what_arrives_is_made_with_networks_that_are_loaded_once(place, monkeypatch):
    loaded = []
    load_models = runner.load_models
    monkeypatch.setattr(runner, "load_models", lambda *given: loaded.append(given) or load_models(*given))
    drop(place, "r0.png")
    heard = watch_for(place, lambda: drop(place, "r1.png"), idle, lambda: drop(place, "r0.png"), idle)
    assert heard.made == ["r0-d0.mp4", "r1-d0.mp4"], "the same picture once more is no news"
    assert len(loaded) == 1
    assert {entry.state for entry in entries(place).values()} == {"done"}
    assert watch_for(place, idle).ends == [], "nor is it after a new start"


def test_a_broken_picture_fails_once_until_it_changes(place):
    (place / "inbox" / "r0.png").write_text("no picture")
    heard = watch_for(place, idle, idle, idle)
    assert heard.ends == [("r0-d0.mp4", f"{place / 'inbox' / 'r0.png'} is not a picture")]
    assert entries(place)["r0-d0.mp4"].state == "failed"
    assert watch_for(place, idle, idle).ends == []
    assert watch_for(place, idle, lambda: drop(place, "r0.png")).made == ["r0-d0.mp4"]


def test_results_that_are_taken_away_are_not_made_again_by_a_watch(place):
    drop(place, "r0.png")
    watch_for(place, idle)
    (place / "out" / "r0-d0.mp4").unlink()
    assert watch_for(place, idle, idle).ends == []


def test_files_of_somebody_else_are_said_and_left_alone(place):
    (place / "out" / "r0-d0.mp4").write_text("mine")
    drop(place, "r0.png")
    drop(place, "r1.png")
    heard = watch_for(place, idle)
    assert heard.made == ["r1-d0.mp4"]
    mine = place / "out" / "r0-d0.mp4"
    assert heard.notices == [(f"{mine} exist already, and the ledger knows nothing of them", True)]
    assert watch_for(place, idle, force=True).made == ["r0-d0.mp4"]


@pytest.mark.parametrize("force", [False, True])
def test_a_name_that_is_too_long_is_said_and_stops_no_other(force, place):
    long = "r" * 230
    drop(place, "r0.png")
    drop(place, "r1.png", f"{long}.png")
    heard = watch_for(place, idle, force=force)
    assert heard.made == ["r0-d0.mp4"]
    output = place / "out" / f"{long}-d0.mp4"
    most = "its name has 237 bytes; at most 232 leave room for a temporary one"
    assert heard.notices == [(f"{output} cannot be written: {most}", True)]


def test_a_job_of_another_runner_is_taken_when_that_one_shows_nothing_or_gives_it_back(place):
    drop(place, "r0.png")
    drop(place, "r1.png")
    ledger_file = place / "out" / "batch.ledger"
    watch_for(place)

    def claim() -> None:
        with Ledger(ledger_file) as ledger:
            for name, owner in (("r0-d0.mp4", "elsewhere/1/2 77 aa"), ("r1-d0.mp4", "elsewhere/1/2 78 bb")):
                assert ledger.claim(ledger.entry(name), owner, "of something else")

    def give_back() -> None:
        with Ledger(ledger_file) as ledger:
            ledger.release("elsewhere/1/2 78 bb")

    claim()
    heard = watch_for(place, idle, give_back, idle, lambda: time.sleep(0.7), idle)
    assert heard.made == ["r1-d0.mp4", "r0-d0.mp4"]


def test_a_job_that_a_plain_run_is_at_is_said_once_and_made_when_that_has_ended(place):
    drop(place, "r0.png")
    output = place / "out" / "r0-d0.mp4"
    with ExitStack() as plain:
        plain.enter_context(claiming(output, force=False))
        heard = watch_for(place, idle, idle, plain.close, idle)
    assert [text.split(",")[0] for text, _ in heard.notices] == [f"{output} is being made by another run"]
    assert heard.made == ["r0-d0.mp4"]
    assert entries(place)["r0-d0.mp4"].tries == 1


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_watches_until_it_is_stopped(stop, code, place):
    command = ["--watch" if word == "--batch" else word for word in COMMAND]
    command[command.index("refs/*.png")] = "inbox"
    running = subprocess.Popen(command, cwd=place, start_new_session=True, stderr=subprocess.PIPE, text=True)
    for number in range(3):
        drop(place, f"r{number}.png")
        while running.poll() is None and len(outputs(place)) == number:
            time.sleep(0.1)
    assert running.poll() is None, running.stderr.read()
    os.killpg(running.pid, stop)
    assert running.wait() == code
    assert running.stderr.read() == ""
    assert {entry.state for entry in entries(place).values()} <= {"done", "waiting"}
    assert leftovers(place) == []
