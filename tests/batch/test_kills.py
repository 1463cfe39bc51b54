"""kill -9, fifty times: the whole command, as people start it, at any moment of its life."""

from __future__ import annotations

import math
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from animatex.batch.ledger import Ledger
from animatex.inspection import inspect
from animatex.record import sha256
from animatex.video.frames import FrameSequence
from animatex.video.image import read_image, write_png
from animatex.video.reader import read_video
from animatex.video.writer import write_video
from tests.batch.tiny import entries

pytestmark = pytest.mark.slow

KILLS = 50
REFERENCES, DANCES = 4, 3
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
COMMAND = [
    *(sys.executable, "-c", "from animatex_cli.main import main; main()", "animate", "--batch", "refs/*.png"),
    *("--driving", "dances", "--out-dir", "out", "--preset", "tiny", "--frames", "2", "--steps", "1"),
]
AT_ONCE, FILE, LEDGER = "at once", "with a file half written", "with the ledger half written"
MARKS = ("", "", "loading networks", "looking at the character", "writing", f" of {REFERENCES * DANCES}, ")
SAID = re.compile(
    "written down in|loading networks|reading frames|starting the estimator|finding poses"
    "|taking the character apart|looking at the character|preparing conditions|sampling|painting|writing"
    rf"|\d+ of {REFERENCES * DANCES}, \S+: [\d.]+ s"
)
"""Stages and talk of a batch on a terminal."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with characters and performances, and one that everybody takes for the system's /tmp."""
    for name in ("refs", "dances", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    picture = read_image(SAMPLES / "character.png").rgb[::6, ::6]
    for number in range(REFERENCES):
        write_png(tmp_path / "refs" / f"r{number}.png", picture[:, number:])
    dance = read_video(SAMPLES / "dance.mp4").frames[:, ::2, ::2]
    for number in range(DANCES):
        clip = FrameSequence(dance[10 * number : 10 * number + 4], 24.0)
        write_video(tmp_path / "dances" / f"d{number}.mp4", clip)
    return tmp_path


def begin(place: Path, terminal: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        COMMAND, cwd=place, stdout=subprocess.DEVNULL, stderr=terminal, start_new_session=True
    )


def halves(place: Path) -> set[tuple[str, str, int]]:
    """Find what is being written, or what was when something was killed: what it is, and its file."""
    found = set()
    for folder in (place / "out", place / "out" / "batch.ledger.poses"):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == "batch.ledger-journal":
                    found.add((LEDGER, entry.name, entry.inode()))
                elif ".part" in entry.name:
                    found.add((FILE, entry.name, entry.inode()))
    return found


def live(place: Path, seconds: float, wanted: str, mark: str = "") -> str | None:
    """Begin the command, and kill all its processes at the first moment that is as wanted.

    Args:
        place: Where the batch is.
        seconds: How long to wait first.
        wanted: What is to lie there half written.
        mark: What the command has to say before the waiting begins, however slow the machine is by then.

    Returns:
        What it was at; None where it had ended before.
    """
    before = halves(place)
    ours, theirs = pty.openpty()
    running = begin(place, theirs)
    os.close(theirs)
    shown, due = b"", math.inf
    while time.monotonic() < due or wanted not in {AT_ONCE, *(what for what, *_ in halves(place) - before)}:
        if due == math.inf and mark.encode() in shown:
            due = time.monotonic() + seconds
        try:
            if select.select([ours], [], [], 0.001)[0]:
                shown += os.read(ours, 65536)
        except OSError:  # nobody holds the terminal any more
            break
    os.killpg(running.pid, signal.SIGKILL)
    os.close(ours)
    if running.wait() != -signal.SIGKILL:
        assert running.returncode == 0
        return None
    left = sorted({what for what, *_ in halves(place) - before})
    return ", ".join([last_said(shown.decode()), *left])


def last_said(shown: str) -> str:
    said = SAID.findall(shown)
    if not said:
        return "imports"
    if said[-1] == "written down in":
        return "imports of the process that renders"
    return "between jobs" if said[-1][0].isdigit() else said[-1]


def lying(folder: Path) -> dict[str, str]:
    """Hashes of all files below a folder but the ledger."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "batch.ledger")
    return {path.relative_to(folder).as_posix(): sha256(path) for path in found}


def finished(place: Path) -> dict[str, tuple[int, int, int]]:
    """Say of each job that the ledger calls done how often it was begun, and which file is its video.

    A copy is read: who opens a ledger repairs it, and that is left to the next run.
    """
    copies = place / "copies"
    copies.mkdir()
    for path in (place / "out").glob("batch.ledger*"):
        if path.is_file():
            shutil.copy(path, copies)
    with Ledger(copies / "batch.ledger") as ledger:
        done = {name: entry.tries for name, entry in ledger.entries().items() if entry.state == "done"}
    shutil.rmtree(copies)
    files = {name: (place / "out" / name).stat() for name in done}
    return {name: (tries, files[name].st_ino, files[name].st_mtime_ns) for name, tries in done.items()}


def check(place: Path, wanted: dict[str, str], kills: int) -> None:
    """Everything is there, as if nothing had happened, and nothing else is."""
    assert lying(place / "out") == wanted
    assert lying(place / "tmp") == {}
    found = entries(place)
    assert len(found) == REFERENCES * DANCES
    for name, entry in found.items():
        assert (entry.state, entry.crashes) == ("done", 0)
        assert entry.output_sha256 == sha256(place / "out" / name)
    # A kill costs the job that it interrupts, and no other is ever begun again.
    assert sum(entry.tries for entry in found.values()) <= len(found) + kills


def test_killed_at_any_moment_again_and_again_everything_is_there_whole_and_once(place):
    began = time.monotonic()
    assert begin(place, subprocess.DEVNULL).wait() == 0
    calm_seconds = time.monotonic() - began
    wanted = lying(place / "out")
    videos = sorted((place / "out").glob("*.mp4"))
    assert len(wanted) == 2 * len(videos) + DANCES == 2 * REFERENCES * DANCES + DANCES
    for video in videos:
        assert len(read_video(video).frames) == 2
        assert inspect(video).is_generated and inspect(video).holds
    shutil.rmtree(place / "out")

    seed = int(os.environ.get("KILLS_SEED") or random.SystemRandom().randrange(10**6))
    chance = random.Random(seed)
    hits: list[str] = []
    rounds, kills, done = 1, 0, {}
    while len(hits) < KILLS:
        moment = chance.uniform(0, 0.25 * calm_seconds)
        hit = live(place, moment, chance.choice((AT_ONCE, AT_ONCE, FILE, LEDGER)), chance.choice(MARKS))
        if hit is None:
            # All is made: once more from the beginning.
            check(place, wanted, kills)
            shutil.rmtree(place / "out")
            rounds, kills, done = rounds + 1, 0, {}
            continue
        hits.append(hit)
        kills += 1
        there = {name: digest for name, digest in lying(place / "out").items() if name in wanted}
        assert there == {name: wanted[name] for name in there}, "something lies half-written under its name"
        now = finished(place)
        assert {name: now.get(name) for name in done} == done, "what was done was made again"
        done = now
    assert live(place, math.inf, AT_ONCE) is None
    check(place, wanted, kills)
    say(f"KILLS_SEED={seed}, {rounds} batches of {calm_seconds:.0f} s when undisturbed; killed at", hits)


def say(what: str, hits: list[str]) -> None:
    """Show, with pytest's -s, where the kills fell."""
    lines = [f"{times:3} {hit}" for hit, times in Counter(hits).most_common()]
    sys.stdout.write("\n".join(["", what, *lines, ""]))
