from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.run import ClipSelection
from animatex.errors import InputError
from animatex.video.frames import Size
from animatex.video.reader import VideoInfo
from animatex.video.sampling import plan_clip


def video(num_frames: int, fps: float = 24.0) -> VideoInfo:
    return VideoInfo(Path("clips/dance.mp4"), Size(758, 512), fps, num_frames, False, 0)


@given(
    num_frames=st.integers(1, 400),
    every=st.integers(1, 9),
    start=st.integers(0, 50),
    frames=st.none() | st.integers(1, 100),
)
def test_a_clip_is_exactly_what_was_asked_for_or_an_error(
    num_frames: int, every: int, start: int, frames: int | None
) -> None:
    selection = ClipSelection(frames=frames, every=every, start=start)
    try:
        plan = plan_clip(video(num_frames), selection)
    except InputError:
        assert start + ((frames or 1) - 1) * every >= num_frames
        return
    assert plan.frames[0] == start and plan.frames[-1] < num_frames
    assert all(b - a == every for a, b in zip(plan.frames, plan.frames[1:], strict=False))
    assert plan.num_frames == frames if frames else plan.frames[-1] + every >= num_frames


@given(every=st.integers(1, 8), fps=st.floats(1, 120))
def test_without_a_rate_of_its_own_the_result_keeps_the_speed(every: int, fps: float) -> None:
    plan = plan_clip(video(100, fps), ClipSelection(frames=None, every=every, start=0))
    assert plan.keeps_speed and plan.fps == pytest.approx(fps / every)
    slower = plan_clip(video(100, fps), ClipSelection(frames=None, every=every, start=0), fps=plan.fps / 2)
    assert not slower.keeps_speed


def test_the_start_is_given_in_seconds_of_the_video() -> None:
    assert plan_clip(video(100), ClipSelection(frames=4, every=2, start=12)).start_seconds == 0.5


def test_a_video_that_begins_late_starts_then() -> None:
    late = replace(video(100), start_seconds=1.5)
    assert plan_clip(late, ClipSelection(frames=4, every=2, start=12)).start_seconds == 2.0


def test_a_rate_that_varies_is_told() -> None:
    uneven = replace(video(3), stored=(0, 0, 2))
    said = plan_clip(uneven, ClipSelection(frames=None, every=1, start=0)).reason
    assert said == "dance.mp4: all 3 frames, 24 a second, of a rate that varies"


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        ((None, 1, 0), "dance.mp4: all 41 frames, 24 a second"),
        ((8, 1, 0), "dance.mp4: 8 frames of 41 (0 to 7), 24 a second"),
        ((8, 2, 3), "dance.mp4: 8 frames of 41 (3 to 17, every 2nd), 24 a second"),
        ((1, 1, 5), "dance.mp4: 1 frame of 41 (5 to 5), 24 a second"),
    ],
)
def test_the_choice_is_told_in_one_sentence(selection: tuple[int | None, int, int], said: str) -> None:
    frames, every, start = selection
    assert plan_clip(video(41), ClipSelection(frames=frames, every=every, start=start)).reason == said


@pytest.mark.parametrize(
    ("selection", "needed", "hint"),
    [
        ((32, 2, 0), "32 frames taken every 2nd need 63", "--every 1, or --frames 21."),
        ((50, 1, 0), "50 frames need 50", "--frames 41."),
        ((30, 1, 20), "30 frames from frame 20 on need 50", "--frames 21."),
        ((9, 11, 1), "9 frames taken every 11th from frame 1 on need 90", "--every 4, or --frames 4."),
        ((None, 1, 41), "the clip would start at frame 41", "clip.start is at most 40."),
    ],
)
def test_too_short_a_video_names_the_flags_that_fit(
    selection: tuple[int | None, int, int], needed: str, hint: str
) -> None:
    frames, every, start = selection
    with pytest.raises(InputError) as caught:
        plan_clip(video(41), ClipSelection(frames=frames, every=every, start=start))
    assert caught.value.message == f"dance.mp4 has 41 frames; {needed}"
    assert caught.value.hint == hint


@given(
    num_frames=st.integers(1, 60),
    every=st.integers(1, 9),
    start=st.integers(0, 20),
    frames=st.integers(1, 60),
)
def test_what_the_hint_proposes_works(num_frames: int, every: int, start: int, frames: int) -> None:
    try:
        plan_clip(video(num_frames), ClipSelection(frames=frames, every=every, start=start))
    except InputError as error:
        words = (error.hint or "").replace(",", "").rstrip(".").split()
        if "--every" in words:
            closer = int(words[words.index("--every") + 1])
            plan_clip(video(num_frames), ClipSelection(frames=frames, every=closer, start=start))
        if "--frames" in words:
            fewer = int(words[words.index("--frames") + 1])
            plan_clip(video(num_frames), ClipSelection(frames=fewer, every=every, start=start))
