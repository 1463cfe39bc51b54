"""From maps to a rig: whole, mirrored, masked, or with nobody in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from animatex.config.model import RigConfig
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import MIRROR, PARTS
from animatex.rig.network import RigMaps
from animatex.rig.rig import (
    MIRRORED_JOINTS,
    MIRRORED_PARTS,
    Rig,
    background_plate,
    joint_places,
    read_rig,
    with_painted_plate,
    working_size,
)
from animatex.video.frames import Size
from tests.rig.puppets import Puppet, one_hot, puppet
from tests.rig.test_network import network

CONFIG = RigConfig(height=64, widths=(16, 32, 32), blocks=1, attention_blocks=1)


@dataclass(eq=False)
class Colours:
    """Stands in for the network: knows parts by the puppet's colours, and joints as the middles of parts.

    `read_rig` shows every picture and its mirror image, and this knows which is which.
    """

    colours: Tensor
    config: RigConfig = CONFIG
    stem: nn.Conv2d = field(default_factory=lambda: nn.Conv2d(5, 1, 1))
    seen: list[tuple[int, ...]] = field(default_factory=list)
    told: list[Tensor] = field(default_factory=list)

    def __call__(self, image: Tensor, hints: Tensor) -> RigMaps:
        self.seen.append(tuple(image.shape))
        self.told.append(hints)
        pixels = nn.functional.avg_pool2d(image, 2)
        away = (pixels[:, None] - self.colours[None, :, :, None, None]).square().sum(2)
        parts = -away * 300
        # The ground is what is unlike every part.
        parts[:, 0] = -0.06 * 300
        heat = nn.functional.avg_pool2d(parts.softmax(1), 2)
        joints = (heat[:, [1 + joint % 10 for joint in range(18)]] + 1e-6).log() * 4
        present = heat.amax((2, 3))[:, [1 + joint % 10 for joint in range(18)]] * 20 - 10
        parts[1], joints[1] = parts[1, list(MIRRORED_PARTS)], joints[1, list(MIRRORED_JOINTS)]
        present[1] = present[1, list(MIRRORED_JOINTS)]
        return RigMaps(parts, joints, present)


def knowing(of: Puppet) -> Colours:
    means = [of.image[of.labels == part].mean(0) / 255 for part in range(len(PARTS))]
    return Colours(torch.tensor(np.array(means), dtype=torch.float32))


def mirrored(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[:, ::-1])


def mirrored_pose(pose: PoseSequence) -> PoseSequence:
    keypoints = np.zeros_like(pose.keypoints)
    scores = np.zeros_like(pose.scores)
    keypoints[:, :18] = pose.keypoints[:, list(MIRRORED_JOINTS)]
    scores[:, :18] = pose.scores[:, list(MIRRORED_JOINTS)]
    keypoints[..., 0] = pose.canvas.width - keypoints[..., 0]
    return replace(pose, keypoints=keypoints, scores=scores)


@pytest.mark.parametrize("size", [Size(128, 96), Size(96, 160), Size(200, 120)])
@pytest.mark.parametrize("told", [False, True])
def test_a_mirrored_picture_gives_the_mirrored_rig(size: Size, told: bool) -> None:
    # The network looks at the mirror image too, so this holds for any, here for one with random weights.
    drawn = puppet(size)
    known, mirrored_known = (drawn.pose, mirrored_pose(drawn.pose)) if told else (None, None)
    rig = read_rig(drawn.image, network(), known=known)
    other = read_rig(mirrored(drawn.image), network(), known=mirrored_known)
    differs = np.abs(other.parts[list(MIRRORED_PARTS)][:, :, ::-1] - rig.parts).max(0) > 0.02
    assert rig.mask.max() > 0.5 and differs.mean() < 0.02
    places = other.pose.keypoints[0, list(MIRRORED_JOINTS)]
    places[:, 0] = size.width - places[:, 0]
    # Random weights have no clear peaks, and from some distances another one may win; nobody told, twice.
    assert np.median(np.abs(places - rig.pose.keypoints[0, :18]).max(1)) < 0.5
    assert np.allclose(other.pose.scores[0, list(MIRRORED_JOINTS)], rig.pose.scores[0, :18], atol=1e-3)
    assert np.abs(mirrored(other.plate).astype(int) - rig.plate).mean() < 2


def test_a_joint_that_is_misplaced_from_one_distance_stays_where_the_others_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = puppet()
    looks: list[int] = []

    def look(image: np.ndarray, *_: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        joints = drawn.pose.keypoints[0, :18] + np.float32([0, 1, -1, 50, 2][len(looks) % 5])
        looks.append(len(looks))
        # Only the look at the box itself says what exists, and only before it was told.
        return one_hot(drawn.labels), joints, np.full(18, 0.9 if len(looks) == 1 else 0.1, np.float32)

    monkeypatch.setattr("animatex.rig.rig._look", look)
    monkeypatch.setattr("animatex.rig.rig._find_box", lambda *_: (0, 0, 96, 128))
    rig = read_rig(drawn.image, network())
    assert len(looks) == 10
    assert np.allclose(rig.pose.keypoints[0, :18], drawn.pose.keypoints[0, :18] + 1, atol=1e-4)
    assert rig.pose.scores[0, :18] == pytest.approx(0.9)


def test_mirroring_names_right_what_was_left() -> None:
    assert [PARTS[i] for i in MIRRORED_PARTS] == [_other_side(name) for name in PARTS]
    assert MIRRORED_JOINTS == MIRROR[:18]


def _other_side(name: str) -> str:
    side, _, rest = name.partition("_")
    return {"right": f"left_{rest}", "left": f"right_{rest}"}.get(side, name)


def test_parts_are_found_where_they_are() -> None:
    drawn = puppet()
    rig = read_rig(drawn.image, knowing(drawn))
    assert (rig.parts.argmax(0) == drawn.labels).mean() > 0.92
    assert np.abs(rig.mask - (drawn.labels > 0)).mean() < 0.06
    check(rig, drawn.image)


def check(rig: Rig, image: np.ndarray) -> None:
    """What holds for every rig."""
    size = image.shape[:2]
    assert rig.image is image
    assert rig.parts.shape == (11, *size) and rig.parts.dtype == np.float32
    assert 0 <= rig.parts.min() and rig.parts.max() <= 1 + 1e-5
    assert np.allclose(rig.parts.sum(0), 1, atol=1e-4)
    assert np.allclose(rig.mask, 1 - rig.parts[0])
    assert rig.plate.shape == image.shape and rig.plate.dtype == np.uint8
    assert rig.pose.canvas == size and len(rig.pose) == 1
    assert not rig.pose.scores[0, 18:].any()


def test_a_picture_that_brings_its_mask_keeps_it() -> None:
    drawn = puppet()
    alpha = np.where(drawn.labels > 0, 255, 0).astype(np.uint8)
    alpha[drawn.labels == 2] = 128
    rig = read_rig(drawn.image, knowing(drawn), alpha)
    assert np.allclose(rig.mask, alpha / 255, atol=1e-5)
    # However little the network thinks of a pixel: inside the mask it is some part's.
    assert (rig.parts[1:].argmax(0)[alpha > 0] + 1 == drawn.labels[alpha > 0]).mean() > 0.9
    check(rig, drawn.image)


@pytest.mark.parametrize("opaque", [0, 255])
def test_a_mask_may_be_empty_or_everything(opaque: int) -> None:
    drawn = puppet()
    rig = read_rig(drawn.image, knowing(drawn), np.full(drawn.labels.shape, opaque, np.uint8))
    assert np.allclose(rig.mask, opaque / 255)
    check(rig, drawn.image)
    if opaque == 0:
        assert np.array_equal(rig.plate, drawn.image)


def test_a_picture_without_a_character_is_a_rig_too() -> None:
    drawn = puppet()
    rig = read_rig(drawn.plate, knowing(drawn))
    check(rig, drawn.plate)
    assert not rig.mask.any()
    assert np.array_equal(rig.plate, drawn.plate)
    assert (rig.pose.scores < 0.5).all()


def test_a_small_character_is_looked_at_again_closely() -> None:
    drawn = puppet(Size(64, 48))
    image = np.full((256, 256, 3), 130, np.uint8)
    image[90:154, 150:198] = np.where(drawn.labels[..., None] > 0, drawn.image, 130)
    cut_out = replace(drawn, image=image[90:154, 150:198])
    eyes = replace(knowing(cut_out), config=CONFIG.model_copy(update={"height": 128}))
    rig = read_rig(image, eyes)
    assert len(eyes.seen) == 11
    assert all(shape[0] == 2 and shape[2] % 8 == 0 == shape[3] % 8 for shape in eyes.seen)
    inside = rig.parts.argmax(0)[90:154, 150:198]
    assert (inside == drawn.labels).mean() > 0.9
    outside = np.ones((256, 256), bool)
    outside[70:174, 130:218] = False
    assert not rig.mask[outside].any()


def test_a_character_that_the_picture_cuts_off_goes_on_to_its_edge() -> None:
    # A look from nearby ends above the picture's edge, one from afar below it.
    drawn = puppet(Size(192, 128))
    image = np.ascontiguousarray(drawn.image[:150])
    rig = read_rig(image, replace(knowing(drawn), config=CONFIG.model_copy(update={"height": 192})))
    assert rig.parts.shape == (len(PARTS), 150, 128) and np.allclose(rig.parts.sum(0), 1, atol=1e-3)
    shown = np.isin(drawn.labels, [PARTS.index(name) for name in ("left_thigh", "left_calf")])
    leg = cv2.erode(shown.astype(np.uint8), np.ones((1, 7)))[:150] > 0
    assert rig.unaided is not None
    seen = [rig.unaided.background[row, leg[row]].mean() for row in (-20, -4)]
    assert max(seen) < 0.2


def test_the_network_is_told_what_is_known_where_it_lies_in_each_look() -> None:
    drawn = puppet(Size(64, 48))
    image = np.full((256, 256, 3), 130, np.uint8)
    image[90:154, 150:198] = np.where(drawn.labels[..., None] > 0, drawn.image, 130)
    pose = replace(drawn.pose.moved(drawn.pose.keypoints + (150, 90)), canvas=Size(256, 256))
    pose.scores[:, 4] = 0
    eyes = knowing(replace(drawn, image=image[90:154, 150:198]))
    eyes.config = CONFIG.model_copy(update={"height": 128})
    read_rig(image, eyes, known=pose)
    told = [bool(hints.any()) for hints in eyes.told]
    assert told == [False] + 5 * [True] + 5 * [False]
    shares = []
    for hints, (_, _, height, width) in list(zip(eyes.told, eyes.seen, strict=True))[1:6]:
        assert hints.shape == (2, 18, height // 2, width // 2)
        assert not hints[0, 4].any() and all(hints[0, joint].max() > 0.7 for joint in (1, 2, 3))
        order = list(MIRRORED_JOINTS)
        assert torch.equal(hints[1], hints[0, order].flip(2))
        shares.append(int(hints[0, 1].argmax()) // (width // 2) / (height // 2))
    # The neck is high up in the close look and from nearer, and comes to the middle from farther away.
    assert shares[1] <= shares[0] <= shares[2] <= shares[3] <= shares[4] < 0.5


def test_what_was_seen_without_knowledge_is_not_looked_at_again() -> None:
    drawn = puppet()
    eyes = knowing(drawn)
    first = read_rig(drawn.image, eyes)
    eyes.seen.clear()
    again = read_rig(drawn.image, eyes, known=drawn.pose, unaided=first.unaided)
    assert len(eyes.seen) == 5
    anew = read_rig(drawn.image, eyes, known=drawn.pose)
    assert np.array_equal(again.parts, anew.parts) and np.array_equal(again.plate, anew.plate)


def test_without_knowledge_the_network_is_told_what_it_was_sure_of_itself() -> None:
    drawn = puppet()
    eyes = knowing(drawn)
    rig = read_rig(np.where(drawn.labels[..., None] == 4, drawn.plate, drawn.image), eyes)
    sure = rig.pose.scores[0, :18] > 0.5
    assert 0 < sure.sum() < 18
    # The whole picture, the character from five distances, and from the same once more.
    for look, hints in enumerate(eyes.told):
        told = hints[0].amax((1, 2)).numpy() > 0
        assert np.array_equal(told, sure if look > 5 else np.zeros(18, bool))


def test_where_no_joint_is_sure_nothing_is_told() -> None:
    drawn = puppet()
    eyes = knowing(drawn)
    read_rig(drawn.plate, eyes)
    assert not any(hints.any() for hints in eyes.told)


def test_a_plate_keeps_what_is_away_from_the_character_and_nothing_of_it() -> None:
    drawn = puppet(Size(192, 128))
    image = np.where(drawn.labels[..., None] > 0, (255, 0, 0), drawn.plate).astype(np.uint8)
    plate = background_plate(image, (drawn.labels > 0).astype(np.float32))
    assert np.abs(plate.astype(int) - drawn.plate).max() < 40
    corner = np.s_[:20, :20]
    assert np.array_equal(plate[corner], image[corner])


def test_a_painted_plate_differs_only_where_the_character_was() -> None:
    rig = read_rig(puppet(Size(192, 128)).image, knowing(puppet(Size(192, 128))))
    painted = with_painted_plate(rig)
    assert painted.parts is rig.parts
    assert np.array_equal(painted.plate[:20, :20], rig.image[:20, :20])
    assert not np.array_equal(painted.plate, rig.plate)


@given(
    height=st.integers(20, 3000),
    width=st.integers(20, 3000),
    base=st.sampled_from([64, 192, 256]),
    levels=st.integers(2, 5),
)
def test_the_network_sees_about_the_same_area_of_any_picture(
    height: int, width: int, base: int, levels: int
) -> None:
    stride = 2**levels
    size = working_size(Size(height, width), base, stride)
    assert size.height % stride == 0 == size.width % stride
    shape = min(max(width / height, 0.5), 2.0)
    tall = (base * base * 2 / 3 / shape) ** 0.5
    assert abs(size.height - tall) <= stride / 2 + 1e-6
    assert abs(size.width - tall * shape) <= stride / 2 + 1e-6


@given(x=st.floats(10, 54), y=st.floats(10, 38))
def test_a_joint_is_read_where_its_bell_stands(x: float, y: float) -> None:
    rows, columns = np.mgrid[:12, :16] + 0.5
    bell = np.exp(-((columns - x / 4) ** 2 + (rows - y / 4) ** 2) / 2)
    heat = torch.tensor(np.stack([bell / bell.sum(), np.ones_like(bell) / bell.size]), dtype=torch.float32)
    places = joint_places(heat)
    assert np.hypot(*(places[0].numpy() - (x, y))) < 0.6
    assert torch.isfinite(places).all()


def test_a_second_hump_does_not_drag_a_joint_along() -> None:
    heat = torch.zeros(1, 12, 16)
    heat[0, 3, 4], heat[0, 9, 14] = 0.6, 0.4
    assert joint_places(heat)[0].tolist() == [18.0, 14.0]


def test_labels_and_their_shares_are_the_same_thing() -> None:
    drawn = puppet()
    assert np.array_equal(one_hot(drawn.labels).argmax(0), drawn.labels)
    assert np.array_equal(drawn.rig.mask > 0, drawn.labels > 0)


def test_a_stray_piece_of_a_limb_goes_to_what_comes_second_there() -> None:
    drawn = puppet()
    stray = np.zeros_like(drawn.labels)
    # A patch in the middle of the head, which the network takes for a forearm.
    y, x = np.argwhere(drawn.labels == PARTS.index("head")).mean(0).astype(int)
    stray[y - 3 : y + 4, x - 3 : x + 4] = 1
    colour = drawn.image[drawn.labels == PARTS.index("left_forearm")].mean(0)
    image = np.where(stray[..., None] > 0, colour, drawn.image).astype(np.uint8)
    rig = read_rig(image, knowing(drawn), np.where(drawn.labels > 0, 255, 0).astype(np.uint8))
    assert not (rig.parts.argmax(0)[stray > 0] == PARTS.index("left_forearm")).any()
    assert (rig.parts.argmax(0) == PARTS.index("left_forearm")).sum() > 100
    assert (rig.mask[stray > 0] == 1).all()


def test_a_piece_of_the_body_that_touches_only_the_head_is_its_ear() -> None:
    drawn = puppet()
    head, torso = PARTS.index("head"), PARTS.index("torso")
    ear = np.zeros_like(drawn.labels)
    top, middle = np.argwhere(drawn.labels == head)[0]
    ear[top - 8 : top + 3, middle - 3 : middle + 4] = 1
    colour = drawn.image[drawn.labels == torso].mean(0)
    image = np.where(ear[..., None] > 0, colour, drawn.image).astype(np.uint8)
    shown = (drawn.labels > 0) | (ear > 0)
    rig = read_rig(image, knowing(drawn), np.where(shown, 255, 0).astype(np.uint8))
    assert (rig.parts.argmax(0)[ear > 0] == head).all()
    assert (rig.parts.argmax(0) == torso).sum() > 100


def test_a_leg_that_only_the_torso_surrounds_is_a_fold_of_its_skirt() -> None:
    drawn = puppet(Size(192, 128))
    torso, calf = PARTS.index("torso"), PARTS.index("left_calf")
    y, x = np.argwhere(drawn.labels == torso).mean(0).astype(int)
    fold = np.zeros_like(drawn.labels)
    fold[y - 3 : y + 4, x - 3 : x + 4] = 1
    assert (drawn.labels[y - 6 : y + 7, x - 6 : x + 7] == torso).all()
    colour = drawn.image[drawn.labels == calf].mean(0)
    image = np.where(fold[..., None] > 0, colour, drawn.image).astype(np.uint8)
    rig = read_rig(image, knowing(drawn), np.where(drawn.labels > 0, 255, 0).astype(np.uint8))
    assert (rig.parts.argmax(0)[fold > 0] == torso).all()
    assert (rig.parts.argmax(0) == calf).sum() > 50


def test_what_looks_like_a_head_beside_the_feet_is_none() -> None:
    drawn = puppet(Size(192, 128))
    head, calf = PARTS.index("head"), PARTS.index("left_calf")
    low = np.argwhere(drawn.labels == calf)[-1][0]
    shoe = (drawn.labels == calf) & (np.arange(192)[:, None] > low - 8)
    colour = drawn.image[drawn.labels == head].mean(0)
    image = np.where(shoe[..., None], colour, drawn.image).astype(np.uint8)
    rig = read_rig(image, knowing(drawn), np.where(drawn.labels > 0, 255, 0).astype(np.uint8))
    assert shoe.sum() > 10 and not (rig.parts.argmax(0)[shoe] == head).any()
    assert (rig.parts.argmax(0)[drawn.labels == head] == head).mean() > 0.9
