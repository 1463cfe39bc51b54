import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animatex.bench import make
from animatex.bench.digest import check_case
from animatex.bench.make import SuiteSpec, bench_characters, estimated_bytes, make_suite, render
from animatex.bench.suite import load_suite
from animatex.errors import ConfigError, InputError
from animatex.pose.io import read_poses
from animatex.synthetic.clips import character_of
from animatex.video.frames import Size
from animatex.video.reader import read_video

SPEC = SuiteSpec("test", Size(72, 48), 2, characters=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "suite"
    make_suite(folder, SPEC)
    return folder


def counts(split: make.Split) -> Counter:
    return Counter(kind.name for kind, _ in make._places(split, None))


def test_there_are_500_characters_and_50_people_and_a_fifth_of_them_are_the_test_split():
    assert counts("all") == {"plant": 125, "animal": 125, "food": 125, "furniture": 125, "human": 50}
    assert counts("test") == {"plant": 25, "animal": 25, "food": 25, "furniture": 25, "human": 10}
    assert set(make._places("test", None)) < set(make._places("all", None))
    assert SuiteSpec("test", SPEC.size, 2).count == 110 and SPEC.count == 2


@pytest.mark.slow
def test_no_two_characters_share_a_seed_and_none_was_seen_in_training_or_tuning():
    everybody = bench_characters("all")
    seeds = [c.seed for c in everybody] + [c.driver for c in everybody]
    assert len(set(seeds)) == 1100 and min(seeds) > 900_001_100


def test_a_character_is_of_its_kind():
    for character in bench_characters("test", 15):
        shown = character_of(character.seed, character.kind.family)
        assert not set(shown.caption.split()) & set(character.kind.unfit)
        assert shown.kind in (character.kind.name, {"furniture": "thing"}.get(character.kind.name))


def test_each_character_is_driven_in_three_ways_towards_the_same_video(made: Path):
    suite = load_suite(made)
    assert (suite.name, suite.version, suite.split) == ("open-a2bench", "2", "test")
    assert [case.id for case in suite.cases] == [
        "plant-000-self", "plant-000-rescaled", "plant-000-cross",
        "animal-000-self", "animal-000-rescaled", "animal-000-cross",
    ]  # fmt: skip
    own, rescaled, cross = suite.cases[:3]
    assert own.target == rescaled.target == cross.target == own.driving == rescaled.driving
    assert cross.driving == made / "plant-000" / "driver"
    poses = [read_poses(case.driving_poses).keypoints for case in (own, rescaled, cross)]
    assert not np.allclose(poses[0], poses[1], atol=1) and not np.allclose(poses[0], poses[2], atol=1)


def test_what_is_on_disk_is_what_was_rendered(made: Path):
    character = bench_characters("test", 1)[0]
    own, driver = render(character, SPEC)
    case = load_suite(made).case("plant-000-cross")
    assert np.array_equal(np.asarray(Image.open(case.reference)), own.reference.image)
    assert np.array_equal(read_video(case.target).frames, own.frames.frames)
    assert np.array_equal(read_video(case.driving).frames, driver.frames.frames)
    assert np.allclose(read_poses(case.driving_poses).keypoints, driver.poses.keypoints, atol=1 / 256)
    assert read_poses(case.reference_poses).canvas == SPEC.size
    assert case.fps == 8.0 and case.seed == character.seed


def test_a_suite_is_made_again_bit_by_bit_and_an_interrupted_one_is_completed(made: Path, tmp_path: Path):
    whole = load_suite(made)
    other = tmp_path / "other"
    make_suite(other, replace(SPEC, characters=1))
    (other / ".animal-000.part").mkdir()
    begun = (other / "plant-000" / "reference.png").stat().st_mtime_ns
    again = make_suite(other, SPEC)
    assert again.sha256 == whole.sha256
    assert (other / "plant-000" / "reference.png").stat().st_mtime_ns == begun
    assert (other / "suite.yaml").read_bytes() == (made / "suite.yaml").read_bytes()
    assert not (other / ".animal-000.part").exists()


def test_hashes_are_of_pixels_not_of_their_encoding_and_see_every_pixel(made: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    frame = copy / "plant-000" / "target" / "00001.png"
    pixels = np.array(Image.open(frame))
    Image.fromarray(pixels).save(frame, compress_level=0)
    case = load_suite(copy).case("plant-000-self")
    check_case(case)
    pixels[3, 4, 0] ^= 1
    Image.fromarray(pixels).save(frame)
    with pytest.raises(InputError, match="case plant-000-self: its files are not those"):
        check_case(case)
    assert make_suite(copy, SPEC).sha256 != load_suite(made).sha256


def test_a_suite_unlike_the_published_one_is_reported_when_it_is_written(made, monkeypatch):
    key = (SPEC.split, SPEC.size, SPEC.frames)
    monkeypatch.setitem(make.PUBLISHED, key, "0123")
    monkeypatch.setattr(make, "bench_characters", lambda split, limit: bench_characters(split, 2))
    with pytest.raises(InputError, match="not the published 0123: some pictures came out differently"):
        make_suite(made, replace(SPEC, characters=None))
    monkeypatch.setitem(make.PUBLISHED, key, load_suite(made).sha256)
    make_suite(made, replace(SPEC, characters=None))


def test_characters_of_another_size_are_not_mixed_in(made: Path):
    with pytest.raises(InputError, match="holds 2 frames of 48x72, not 3 of 48x72"):
        make_suite(made, replace(SPEC, frames=3))


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(InputError, match=r"holds thesis\.txt, which is no part of a suite"):
        make_suite(tmp_path, SPEC)
    with pytest.raises(InputError, match="is a file; a suite is a folder"):
        make_suite(tmp_path / "thesis.txt", SPEC)


def test_a_suite_of_another_version_is_left_alone(made: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    file = copy / "suite.yaml"
    file.write_text(file.read_text().replace("version: '2'", "version: '0'"))
    with pytest.raises(InputError, match="is open-a2bench 0; this animatex makes open-a2bench 2"):
        make_suite(copy, SPEC)


def test_too_little_disk_space_is_said_before_anything_is_made(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(InputError, match=r"the suite takes about 33 kB; .* has 1 bytes left"):
        make_suite(tmp_path / "suite", SPEC)
    assert estimated_bytes(SPEC, 2) == 2 * estimated_bytes(SPEC, 1) > 0


def test_tiny_pictures_are_refused():
    with pytest.raises(ConfigError, match="--size 8x8: sides are from 48 to 2048 pixels"):
        SuiteSpec("test", Size(8, 8), 2)
