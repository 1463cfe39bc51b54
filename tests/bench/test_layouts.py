from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animatex.bench.layouts import import_layout
from animatex.bench.suite import load_suite
from animatex.errors import InputError
from animatex.video.frames import FrameSequence
from animatex.video.writer import write_video


def picture(path: Path, value: int = 9) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 24), (value, value, value)).save(path)


def video(path: Path, fps: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, FrameSequence(np.full((3, 24, 16, 3), 90, np.uint8), fps))


def test_a2bench_pairs_pictures_and_videos_by_name(tmp_path: Path):
    data, out = tmp_path / "data", tmp_path / "suite"
    for name, fps in (("1", 24.0), ("2 b", 12.0)):
        picture(data / "images" / f"{name}.jpg")
        video(data / "videos" / f"{name}.mp4", fps)
    made = import_layout("a2bench", data, out)
    suite = load_suite(out)
    assert [(case.id, case.fps, case.setting) for case in suite.cases] == [
        ("1", 24.0, "self"),
        ("2_b", 12.0, "self"),
    ]
    assert suite.cases[1].reference.samefile(data / "images" / "2 b.jpg")
    assert suite.cases[1].target.samefile(data / "videos" / "2 b.mp4")
    assert suite.cases[1].driving == suite.cases[1].target
    assert [case.id for case in made.cases] == [case.id for case in suite.cases]


def test_a2bench_leaves_captions_and_other_files_aside(tmp_path: Path):
    data = tmp_path / "data"
    picture(data / "images" / "cat.png")
    video(data / "videos" / "cat.mp4", 8)
    for beside in (
        "images/cat.txt",
        "images/cat.json",
        "images/all.csv",
        "videos/cat.txt",
        "videos/notes.md",
    ):
        (data / beside).write_text("a cat that dances")
    import_layout("a2bench", data, tmp_path / "suite")
    (case,) = load_suite(tmp_path / "suite").cases
    assert case.reference.samefile(data / "images" / "cat.png")
    assert case.driving.samefile(data / "videos" / "cat.mp4")


@pytest.mark.parametrize(
    ("folder", "make", "two"), [("images", picture, "cat.jpg"), ("videos", video, "cat.mov")]
)
def test_two_pictures_or_videos_of_one_name_are_named(tmp_path: Path, folder: str, make: Callable, two: str):
    data = tmp_path / "data"
    picture(data / "images" / "cat.png")
    video(data / "videos" / "cat.mp4", 8)
    make(data / folder / two, 8)
    names = sorted(path.name for path in (data / folder).iterdir())
    assert refused("a2bench", data, tmp_path / "suite") == (
        f"{data / folder / names[0]} and {names[1]} have the same name; "
        "which one belongs to the case is not guessed"
    )
    assert not (tmp_path / "suite").exists()


def test_tiktok_is_a_folder_of_frames_for_each_video(tmp_path: Path):
    data, out = tmp_path / "data", tmp_path / "suite"
    for frame in ("0001", "0002"):
        picture(data / "00001" / "images" / f"{frame}.png")
        picture(data / "00001" / "masks" / f"{frame}.png")
    (data / "notes").mkdir()
    import_layout("tiktok", data, out)
    (case,) = load_suite(out).cases
    assert (case.id, case.kind, case.fps) == ("00001", "human", 30.0)
    assert case.reference.samefile(data / "00001" / "images" / "0001.png")
    assert case.driving.samefile(data / "00001" / "images")


def test_ubc_fashion_takes_the_first_frame_for_the_reference(tmp_path: Path):
    data, out = tmp_path / "data", tmp_path / "suite"
    video(data / "test" / "A1+x.mp4", 30.0)
    video(data / "train" / "B.mp4", 30.0)
    import_layout("ubc-fashion", data, out)
    (case,) = load_suite(out).cases
    assert (case.id, case.fps) == ("A1+x", 30.0)
    assert case.reference == out / "A1+x.png"
    assert abs(int(np.asarray(Image.open(case.reference)).mean()) - 90) < 4


def test_nothing_is_written_where_a_video_cannot_be_read(tmp_path: Path):
    video(tmp_path / "test" / "a.mp4", 8)
    (tmp_path / "test" / "b.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"b\.mp4 is not a video"):
        import_layout("ubc-fashion", tmp_path, tmp_path / "suite")
    assert not (tmp_path / "suite").exists()


def refused(layout: str, data: Path, out: Path) -> str:
    with pytest.raises(InputError) as caught:
        import_layout(layout, data, out)
    return caught.value.message


def test_pictures_without_videos_and_videos_without_pictures_are_named(tmp_path: Path):
    data = tmp_path / "data"
    picture(data / "images" / "1.png")
    assert refused("a2bench", data, tmp_path / "suite") == (
        f"{data / 'images' / '1.png'} has no video of the same name in {data / 'videos'}"
    )
    video(data / "videos" / "1.mp4", 8)
    video(data / "videos" / "2.mp4", 8)
    assert refused("a2bench", data, tmp_path / "suite") == (
        f"{data / 'videos' / '2.mp4'} has no picture of the same name in {data / 'images'}"
    )


def test_two_names_that_become_one_are_named(tmp_path: Path):
    first, second = tmp_path / "test" / "a b.mp4", tmp_path / "test" / "a_b.mp4"
    video(first, 8)
    video(second, 8)
    assert (
        refused("ubc-fashion", tmp_path, tmp_path / "suite") == f"{first} and {second} would be one case, a_b"
    )


def test_another_layout_is_refused_and_a_suite_is_not_replaced(tmp_path: Path):
    assert refused("tiktok", tmp_path / "none", tmp_path / "suite") == f"{tmp_path / 'none'} is not a folder"
    assert refused("tiktok", tmp_path, tmp_path / "suite") == (
        f"{tmp_path} is not laid out as tiktok: there are no videos"
    )
    picture(tmp_path / "00001" / "images" / "1.png")
    import_layout("tiktok", tmp_path, tmp_path / "suite")
    assert (
        refused("tiktok", tmp_path, tmp_path / "suite")
        == f"{tmp_path / 'suite' / 'suite.yaml'} exists already"
    )
