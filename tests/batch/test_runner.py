from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from animatex import record
from animatex.animate import load_models
from animatex.batch import cache, runner
from animatex.batch.job import check_outputs
from animatex.batch.ledger import MAX_CRASHES, Ledger
from animatex.batch.owner import name_owner, process_name
from animatex.errors import InputError
from animatex.pose.io import write_poses
from animatex.record import sha256
from animatex.runtime import Resolved
from animatex.video.frames import FrameSequence
from animatex.video.reader import read_video
from animatex.video.writer import write_video
from tests.batch.tiny import entries, tiny, work_off, write_samples
from tests.cli.test_animate import waving


@pytest.fixture
def place(tmp_path):
    write_samples(tmp_path)
    return tmp_path


def test_every_job_is_made_once_and_written_down(place):
    jobs = tiny(place)
    assert work_off(place, jobs).made == ["r0-d0.mp4", "r1-d0.mp4"]
    for job in jobs:
        entry = entries(place)[job.name]
        assert (entry.state, entry.tries, entry.owner) == ("done", 1, "")
        assert entry.output_sha256 == sha256(job.output)
        assert entry.seconds > 0
        assert len(read_video(job.output)) == 2
        assert job.output.with_suffix(".yaml").is_file()
    assert sorted(path.name for path in (place / "out").iterdir()) == [
        "batch.ledger", "r0-d0.mp4", "r0-d0.yaml", "r1-d0.mp4", "r1-d0.yaml",
    ]  # fmt: skip
    assert work_off(place, jobs).ends == []


def test_networks_are_loaded_once(place, monkeypatch):
    loaded = []
    monkeypatch.setattr(runner, "load_models", lambda *given: loaded.append(given) or load_models(*given))
    work_off(place, tiny(place))
    assert len(loaded) == 1


def test_a_file_is_hashed_once_however_many_use_it(place, monkeypatch):
    counts = Counter()
    for module in (cache, record):
        monkeypatch.setattr(module, "sha256", lambda path: counts.update([path.name]) or sha256(path))
    work_off(place, tiny(place))
    assert counts == dict.fromkeys(("r0.png", "r1.png", "d0.npz", "r0-d0.mp4", "r1-d0.mp4"), 1)


def test_only_what_has_changed_is_made_again(place):
    work_off(place, tiny(place))
    (place / "refs" / "r0.png").write_bytes((place / "refs" / "r1.png").read_bytes())
    assert work_off(place, tiny(place)).made == ["r0-d0.mp4"]
    (place / "out" / "r1-d0.mp4").unlink()
    assert work_off(place, tiny(place)).made == ["r1-d0.mp4"]
    (place / "out" / "r0-d0.mp4").write_bytes(b"half a video")
    assert work_off(place, tiny(place)).made == ["r0-d0.mp4"]
    assert work_off(place, tiny(place, "sampler.steps=2")).made == ["r0-d0.mp4", "r1-d0.mp4"]
    write_poses(waving(7), place / "dances" / "d0.npz")
    assert work_off(place, tiny(place, "sampler.steps=2")).made == ["r0-d0.mp4", "r1-d0.mp4"]


def test_one_jobs_failure_stops_no_other(place):
    (place / "refs" / "r0.png").write_bytes(b"no picture")
    jobs = tiny(place)
    (first, reason), second = work_off(place, jobs).ends
    assert first == "r0-d0.mp4"
    assert reason.endswith("r0.png is not a picture")
    assert second == ("r1-d0.mp4", None)
    assert (entries(place)["r0-d0.mp4"].state, entries(place)["r0-d0.mp4"].reason) == ("failed", reason)
    assert work_off(place, jobs).ends == []
    assert work_off(place, jobs, retry_failed=True).ends == [("r0-d0.mp4", reason)]


def test_an_input_that_was_removed_fails_alone_and_is_made_when_it_is_back(place):
    jobs = tiny(place)
    picture = place / "refs" / "r0.png"
    picture.rename(place / "away.png")
    heard = work_off(place, jobs)
    assert heard.made == ["r1-d0.mp4"]
    assert entries(place)["r0-d0.mp4"].reason == f"{picture} does not exist"
    (place / "away.png").rename(picture)
    assert work_off(place, jobs).made == ["r0-d0.mp4"]


def test_what_cannot_be_fingerprinted_fails_when_it_is_made_if_at_all(place, monkeypatch):
    def refused(*given):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(runner, "fingerprint", refused)
    (place / "refs" / "r0.png").write_bytes(b"no picture")
    assert work_off(place, tiny(place)).made == ["r1-d0.mp4"]
    assert entries(place)["r0-d0.mp4"].state == "failed"


def test_a_folder_that_no_disk_can_have_is_said_in_words(place):
    (place / "out").mkdir()
    job, _ = tiny(place)
    away = replace(job, output=place / "out" / ("x" * 300) / "r0-d0.mp4")
    with pytest.raises(InputError, match="r0-d0.mp4 cannot be written: File name too long"):
        check_outputs([away], {})


def test_an_error_that_nobody_foresaw_is_written_down_before_it_ends_the_process(place, monkeypatch):
    def broken(*given):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(runner, "animate", broken)
    with pytest.raises(ZeroDivisionError):
        work_off(place, tiny(place))
    assert entries(place)["r0-d0.mp4"].reason == "ZeroDivisionError: a bug"
    monkeypatch.undo()
    assert work_off(place, tiny(place)).made == ["r1-d0.mp4"]


def test_who_is_stopped_gives_the_job_back(place, monkeypatch):
    def stopped(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "animate", stopped)
    with pytest.raises(KeyboardInterrupt):
        work_off(place, tiny(place))
    assert {entry.state for entry in entries(place).values()} == {"waiting"}
    monkeypatch.undo()
    assert len(work_off(place, tiny(place)).made) == 2


def test_who_is_stopped_between_two_lines_gives_the_job_back_too(place, monkeypatch):
    take = Ledger.claim

    def claim(*given):
        take(*given)
        raise SystemExit(143)

    monkeypatch.setattr(Ledger, "claim", claim)
    with pytest.raises(SystemExit):
        work_off(place, tiny(place))
    assert {entry.state for entry in entries(place).values()} == {"waiting"}


def test_poison_is_left_alone_until_it_is_asked_for(place):
    jobs = tiny(place)
    work_off(place, jobs)
    with Ledger(place / "out" / "batch.ledger") as ledger:
        for _ in range(MAX_CRASHES):
            entry = ledger.entry("r0-d0.mp4")
            ledger.claim(entry, "here 1 aa", entry.fingerprint)
            ledger.crashed("here 1 ", "was killed by SIGSEGV")
    assert work_off(place, jobs).ends == []
    assert work_off(place, jobs, retry_failed=True).made == ["r0-d0.mp4"]
    assert entries(place)["r0-d0.mp4"].crashes == 0


def claimed(place, owner):
    """Let somebody else hold r0-d0.mp4."""
    work_off(place, tiny(place))
    (place / "out" / "r0-d0.mp4").unlink()
    with Ledger(place / "out" / "batch.ledger") as ledger:
        entry = ledger.entry("r0-d0.mp4")
        assert ledger.claim(entry, owner, entry.fingerprint)


def test_a_job_of_a_process_that_is_gone_is_taken_at_once(place, monkeypatch):
    claimed(place, f"{process_name(2**22 + 1)}aa")
    monkeypatch.setattr(runner.time, "sleep", lambda seconds: pytest.fail("nothing to wait for"))
    assert work_off(place, tiny(place)).made == ["r0-d0.mp4"]


def test_a_job_of_a_machine_that_shows_nothing_is_taken_after_a_while(place):
    claimed(place, "elsewhere/1/2 77 aa")
    assert work_off(place, tiny(place), lease=0.6).made == ["r0-d0.mp4"]


def test_a_job_of_a_machine_that_lives_is_left_to_it(place, monkeypatch):
    claimed(place, "elsewhere/1/2 77 aa")

    def sleep(seconds):
        with Ledger(place / "out" / "batch.ledger") as ledger:
            ledger.beat("elsewhere/1/2 77 aa")

    monkeypatch.setattr(runner.time, "sleep", sleep)
    assert work_off(place, tiny(place)).ends == []
    assert entries(place)["r0-d0.mp4"].state == "running"


def test_clocks_do_not_matter(place, monkeypatch):
    claimed(place, name_owner())
    monkeypatch.setattr("time.time", lambda: -1e9)
    assert work_off(place, tiny(place), lease=0.6).made == ["r0-d0.mp4"]


def test_files_that_the_ledger_does_not_know_are_not_replaced(place):
    (place / "out").mkdir()
    (place / "out" / "r1-d0.yaml").write_text("mine")
    with pytest.raises(InputError, match=r"r1-d0\.yaml exist already, and the ledger knows nothing of them"):
        work_off(place, tiny(place))
    assert (place / "out" / "r1-d0.yaml").read_text() == "mine"


def test_what_a_killed_try_has_left_is_removed(place):
    (place / "out").mkdir()
    left = [place / "out" / name for name in (".r0-d0.0123abcd-9.part.mp4", ".r0-d0.0123abcd-9.part.yaml")]
    for path in left:
        path.write_bytes(b"half")
    work_off(place, tiny(place))
    assert not any(path.exists() for path in left)


def test_outputs_may_lie_in_folders_and_be_folders(place):
    job, _ = tiny(place)
    jobs = (replace(job, name="deep/down", output=place / "out" / "deep" / "down"),)
    assert work_off(place, jobs).made == ["deep/down"]
    assert len(list((place / "out" / "deep" / "down").glob("*.png"))) == 2
    assert work_off(place, jobs).ends == []


@pytest.fixture
def filmed(place, monkeypatch):
    """A driving video, and an estimator that counts the frames it is shown."""
    (place / "dances" / "d0.npz").unlink()
    write_video(place / "dances" / "clip.mp4", FrameSequence(np.zeros((4, 64, 64, 3), np.uint8), 8.0))
    shown = []

    def extract(frames, estimator, config, progress, source):
        shown.append(len(frames))
        return waving(len(frames))

    never_asked = Resolved("told", "a test", lambda frame: pytest.fail("extract asks nobody"))
    monkeypatch.setattr("animatex.animate.resolve_estimator", lambda *_, **__: never_asked)
    monkeypatch.setattr("animatex.animate.extract_poses", extract)
    return shown


def test_poses_of_a_video_are_found_once_and_change_nothing(place, filmed):
    work_off(place, tiny(place))
    assert filmed == [2]
    kept = list((place / "out" / "batch.ledger.poses").glob("*.npz"))
    assert len(kept) == 1
    made = place / "out" / "r1-clip.mp4"
    before = made.read_bytes()
    made.unlink()
    kept[0].write_bytes(b"damaged")
    work_off(place, tiny(place))
    assert filmed == [2, 2]
    assert made.read_bytes() == before


def test_poses_that_cannot_be_kept_are_found_again(place, filmed):
    (place / "out").mkdir()
    (place / "out" / "batch.ledger.poses").write_text("no folder")
    assert work_off(place, tiny(place)).made == ["r0-clip.mp4", "r1-clip.mp4"]
    assert filmed == [2, 2]


def test_poses_are_found_again_for_other_frames_or_other_settings(place, filmed):
    work_off(place, tiny(place))
    work_off(place, tiny(place, "clip.frames=3"))
    work_off(place, tiny(place, "clip.frames=3", "pose.score_threshold=0.4"))
    work_off(place, tiny(place, "clip.frames=3", "pose.score_threshold=0.4", "seed=1"))
    assert filmed == [2, 3, 3]
