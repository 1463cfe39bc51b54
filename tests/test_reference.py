"""The character's side of a run: where its picture lies, and whom to believe about its pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from animatex.config.loader import load_config
from animatex.config.model import RigConfig
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig, PoseConfig
from animatex.errors import MissingPackage
from animatex.pose.estimator import DetectedPoses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import LEFT_EYE, LEFT_WRIST, NECK, NOSE, RIGHT_ANKLE, RIGHT_EYE, RIGHT_WRIST
from animatex.reference import (
    CharacterPose,
    choose_reference_pose,
    find_character,
    look_again,
    merge_poses,
    place_reference,
    stay_in_picture,
)
from animatex.rig.network import RigNetwork
from animatex.rig.rig import read_rig
from animatex.video.fit import plan_fit
from animatex.video.frames import Size
from animatex.video.image import ReferenceImage
from tests.rig.puppets import SIZE, dancing, puppet

RIG = puppet().rig
PERFORMANCE = dancing(Size(90, 160), 3)


def pose_config(choice: str) -> PoseConfig:
    preset = load_config(AnimateConfig, preset_path("tiny"))
    return preset.pose.model_copy(update={"reference_pose": choice})


def moved(by: float, *unseen: int) -> PoseSequence:
    """What an estimator says: the rig's pose, shifted, without some joints."""
    scores = RIG.pose.scores.copy()
    scores[0, list(unseen)] = 0
    return replace(RIG.pose, keypoints=RIG.pose.keypoints + np.float32(by), scores=scores)


def finding(pose: PoseSequence):
    """An estimator that finds this one person in every picture."""

    def estimate(frame: np.ndarray) -> DetectedPoses:
        box = np.array([[0, 0, *frame.shape[1::-1], 0.9]], np.float32)
        return DetectedPoses(pose.keypoints, pose.scores, box)

    return estimate


def never(frame: np.ndarray) -> DetectedPoses:
    raise AssertionError("the estimator was asked")


def missing(frame: np.ndarray) -> DetectedPoses:
    raise MissingPackage("finding poses needs the package mediapipe, which is not installed")


def choose(choice: str, estimator, rig=RIG) -> PoseSequence:
    return choose_reference_pose(RIG.image, rig, PERFORMANCE, estimator, pose_config(choice))


def test_the_rig_or_the_performer_decide_without_an_estimator() -> None:
    assert choose("rig", never) is RIG.pose
    assert np.array_equal(choose("driving", never).keypoints, PERFORMANCE.keypoints[:1])
    assert (choose("rig", never, rig=None).scores == 0).all()


@pytest.mark.parametrize(("choice", "rig"), [("detect", RIG), ("detect", None), ("auto", None)])
def test_the_estimator_decides_alone_where_it_was_asked_for_or_nobody_else_knows(choice: str, rig) -> None:
    assert np.array_equal(choose(choice, finding(moved(2)), rig).keypoints, moved(2).keypoints)


def found(alpha: np.ndarray | None = None, rig=None, **settings: object) -> CharacterPose:
    config = load_config(
        AnimateConfig, preset_path("tiny"), [f"{key}={value}" for key, value in settings.items()]
    )
    size = Size(*RIG.image.shape[:2])
    fit = plan_fit(Size(2 * size.height, 2 * size.width), size, "stretch")
    nobody = finding(RIG.pose.hidden(np.ones(RIG.pose.scores.shape, bool)))
    return find_character(RIG.image, alpha, fit, rig, PERFORMANCE, nobody, config)


def body_box(pose: PoseSequence) -> list[float]:
    seen = pose.keypoints[0, :18][pose.scores[0, :18] > 0]
    return [*seen.min(0), *seen.max(0)]


def test_where_nobody_is_found_the_performer_is_fitted_into_the_outline() -> None:
    height, width = RIG.image.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    alpha[10 : height - 10, 5 : width - 5] = 255
    pose, source, is_seen = found(alpha)
    assert source == "the performer's, in its outline: nobody was found" and not is_seen
    box = body_box(pose)
    assert box[1] >= 10 - 1e-3 and box[3] == pytest.approx(height - 10) and box[0] >= 5 - 1e-3
    for useless in (None, np.zeros_like(alpha), np.full_like(alpha, 255)):
        assert found(useless).source == "the performer's, in most of the picture: nobody was found"


def test_a_rig_that_finds_nobody_is_not_believed() -> None:
    blank = replace(RIG, pose=replace(RIG.pose, scores=RIG.pose.scores * np.float32(0.1)))
    assert "nobody was found" in found(rig=blank).source
    assert found(rig=RIG) == (RIG.pose, "the rig's", True)


def test_a_box_wins_over_everything() -> None:
    pose, source, is_seen = found(rig=RIG, **{"retarget.box": "[0.25, 0.5, 0.5, 0.25]"})
    height, width = RIG.image.shape[:2]
    left, top, right, bottom = body_box(pose)
    assert source == "the performer's, in the box that was given" and not is_seen
    assert (
        top >= 0.5 * height - 1e-3 and bottom == pytest.approx(0.75 * height)
    ) and left >= 0.25 * width - 1e-3
    assert (left + right) / 2 == pytest.approx(width / 2, abs=0.1) and pose.canvas == (height, width)


def test_without_an_estimator_auto_is_the_rig_and_detect_is_an_error() -> None:
    assert choose("auto", missing) is RIG.pose
    for choice, rig in (("detect", RIG), ("auto", None)):
        with pytest.raises(MissingPackage, match="mediapipe"):
            choose(choice, missing, rig)


def test_where_both_agree_the_estimator_is_believed_and_the_rig_fills_in() -> None:
    merged = choose("auto", finding(moved(2, LEFT_WRIST)))
    assert merged.canvas == SIZE
    assert np.allclose(merged.keypoints[0, NOSE], RIG.pose.keypoints[0, NOSE] + 2)
    assert np.array_equal(merged.keypoints[0, LEFT_WRIST], RIG.pose.keypoints[0, LEFT_WRIST])
    assert merged.scores[0, LEFT_WRIST] == 1


def test_a_person_who_is_elsewhere_or_without_a_trunk_is_a_mistake() -> None:
    assert merge_poses(moved(40), RIG) is RIG.pose
    assert merge_poses(moved(0, 2), RIG) is RIG.pose


def test_an_estimator_that_takes_a_snout_for_a_face_is_not_believed_about_the_rest() -> None:
    detected = moved(1)
    keypoints = detected.keypoints.copy()
    keypoints[0, [NOSE, RIGHT_EYE, LEFT_EYE], 1] += 30
    misled = replace(detected, keypoints=keypoints)
    assert merge_poses(misled, RIG) is RIG.pose
    faceless = misled.scores.copy()
    faceless[0, [NOSE, RIGHT_EYE, LEFT_EYE]] = 0
    merged = merge_poses(replace(misled, scores=faceless), RIG)
    assert np.array_equal(merged.keypoints[0, NECK], detected.keypoints[0, NECK])


def test_the_rig_looks_again_only_when_somebody_else_has_spoken() -> None:
    network = RigNetwork(RigConfig(height=32, widths=(16, 16), blocks=1, attention_blocks=0)).eval()
    torch.nn.init.normal_(network.hints.weight)
    first = read_rig(RIG.image, network)
    assert look_again(first, first.pose, network, None) is first
    again = look_again(first, moved(1), network, None)
    assert again.image is first.image and not np.allclose(again.parts, first.parts, atol=1e-3)


def test_limbs_that_the_character_does_not_have_are_not_invented() -> None:
    scores = RIG.pose.scores.copy()
    scores[0, [RIGHT_WRIST, RIGHT_ANKLE]] = 0.1, 0.2
    merged = merge_poses(moved(1), replace(RIG, pose=replace(RIG.pose, scores=scores)))
    assert merged.scores[0, RIGHT_WRIST] == 0
    assert merged.scores[0, RIGHT_ANKLE] == merged.scores[0, RIGHT_EYE] == 1


def test_a_joint_beside_the_character_is_not_believed() -> None:
    detected = moved(0)
    keypoints = detected.keypoints.copy()
    keypoints[0, LEFT_WRIST] = 1
    merged = merge_poses(replace(detected, keypoints=keypoints), RIG)
    assert np.array_equal(merged.keypoints[0, LEFT_WRIST], RIG.pose.keypoints[0, LEFT_WRIST])
    assert merged.scores[0, LEFT_WRIST] == RIG.pose.scores[0, LEFT_WRIST]


@pytest.mark.parametrize("method", ["stretch", "letterbox", "crop", "keep"])
def test_a_mask_lies_on_the_canvas_as_its_picture_does(method: str) -> None:
    alpha = np.zeros((60, 40), np.uint8)
    alpha[10:50, 5:35] = 255
    picture = ReferenceImage(alpha[..., None].repeat(3, 2), alpha)
    fit = plan_fit(Size(60, 40), Size(48, 64), method)
    rgb, mask = place_reference(picture, fit)
    assert rgb.shape == (*fit.canvas, 3) and mask is not None
    assert np.array_equal(rgb[..., 0], mask)
    assert place_reference(ReferenceImage(picture.rgb, None), fit)[1] is None


def bouncing() -> PoseSequence:
    """The rig's pose as it is, ten pixels higher, and ten lower."""
    height = np.array([0, -10, 10], np.float32)[:, None, None] * np.array([0, 1], np.float32)
    return PoseSequence(RIG.pose.keypoints + height, RIG.pose.scores.repeat(3, 0), RIG.pose.canvas, 12.0)


def test_a_character_that_stands_in_the_picture_may_jump() -> None:
    poses = bouncing()
    assert stay_in_picture(poses, RIG.pose, RIG) is poses


def test_a_character_cut_off_below_sinks_but_does_not_rise() -> None:
    parts = RIG.parts.copy()
    parts[0, -4:], parts[1, -4:] = 0, 1
    stayed = stay_in_picture(bouncing(), RIG.pose, replace(RIG, parts=parts))
    neck = RIG.pose.keypoints[0, NECK, 1]
    assert np.allclose(stayed.keypoints[:, NECK, 1], [neck, neck, neck + 10], atol=1e-3)
    assert np.allclose(stayed.keypoints[1], stayed.keypoints[0], atol=1e-3)
