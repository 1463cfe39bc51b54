"""The procedural world's two products: a labelled picture, and a labelled clip with its performer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_BIG_TOE,
    LEFT_HEEL,
    LEFT_SMALL_TOE,
    NECK,
    NUM_KEYPOINTS,
    RIGHT_BIG_TOE,
    RIGHT_HEEL,
    RIGHT_SMALL_TOE,
)
from animatex.synthetic.alike import alike_everywhere
from animatex.synthetic.backdrop import paint_backdrop
from animatex.synthetic.character import Family, sample_character
from animatex.synthetic.finish import Finish, sample_finish
from animatex.synthetic.gestures import touch
from animatex.synthetic.humans import driver_body
from animatex.synthetic.motion import Motion, sample_dance, sample_pose, still_motion
from animatex.synthetic.puppet import Body, Character, Frame
from animatex.synthetic.recorded import motion_of
from animatex.synthetic.render import (
    Camera,
    Picture,
    draw,
    drawing_order,
    pixel_maps,
    placements,
    trace,
)
from animatex.synthetic.rigging import Pose, solve
from animatex.synthetic.sprites import Sprite, paint_sprites
from animatex.synthetic.surface import Lighting, sample_lighting
from animatex.synthetic.surroundings import Surroundings, cast_shadow, sample_surroundings
from animatex.video.frames import FrameSequence, Size

_CHARACTER, _SCENE, _POSE, _CAMERA, _PAINT, _DANCE, _DRIVER = range(7)
_LIMB_JOINTS = ((3, 4), (6, 7), (9, 10), (12, 13))


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticStill:
    """One picture of a character, and what only its maker knows.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        labels: uint8 [H, W], index of `pose.skeleton.PARTS`, 0 the background.
        plate: uint8 [H, W, 3], the background without the character.
        keypoints: float32 [18, 2], pixels, in the order of `pose.skeleton`; 10.0 is where pixel 10 begins.
        present: bool [18]; False where the character has no such joint, or it lies outside of the picture.
        caption: What it shows.
        kind: The character's family.
    """

    image: np.ndarray
    labels: np.ndarray
    plate: np.ndarray
    keypoints: np.ndarray
    present: np.ndarray
    caption: str
    kind: str

    def pose(self, fps: float) -> PoseSequence:
        """Give its joints as a clip of one frame at some rate; those that are not present have score 0."""
        points = np.zeros((1, NUM_KEYPOINTS, 2), np.float32)
        scores = np.zeros((1, NUM_KEYPOINTS), np.float32)
        points[0, BODY], scores[0, BODY] = self.keypoints, self.present
        return PoseSequence(points, scores, Size(*self.image.shape[:2]), fps)


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticClip:
    """A dancing character, a still of it, and a performer of the same dance.

    Attributes:
        frames: The clip.
        labels: uint8 [F, H, W], parts.
        motion: float32 [F, H, W, 2]: for each pixel the (x, y) pixel of the reference that shows the same
            point of the surface; the background names itself; NaN where the reference does not show it.
        plate: uint8 [H, W, 3], the background without the character.
        reference: A still of the same character before the same background in another pose.
        poses: The character's own poses.
        driver_poses: Poses of a person of other proportions and place who does the same.
        caption: What it shows.
        kind: The character's family.
    """

    frames: FrameSequence
    labels: np.ndarray
    motion: np.ndarray
    plate: np.ndarray
    reference: SyntheticStill
    poses: PoseSequence
    driver_poses: PoseSequence
    caption: str
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticPerformance:
    """The poses of a synthetic clip without its pictures: what retargeting is measured with.

    Attributes:
        reference: The character's pose in its picture, one frame; what lies outside of the picture is unseen.
        poses: The character's own poses in the dance.
        driver_poses: The performer's in the same dance.
        body: The character's skeleton.
        kind: The character's family.
    """

    reference: PoseSequence
    poses: PoseSequence
    driver_poses: PoseSequence
    body: Body
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Everything that stays the same over a clip."""

    character: Character
    camera: Camera
    sprites: tuple[Sprite, ...]
    backdrop: np.ndarray
    finish: Finish
    around: Surroundings
    size: Size


@alike_everywhere()
def still(seed: int, size: Size) -> SyntheticStill:
    """Make one labelled picture; the same seed gives the same pixels."""
    size = Size(*size)
    character = character_of(seed)
    pose = solve(character.body, _stance(seed, character.body, calm=0.7))
    scene = _stage(seed, size, character, pose, roomy=False)
    picture, maps = _shoot(scene, pose, 0)
    return _as_still(scene, pose, picture)


@alike_everywhere()
def clip(
    seed: int,
    size: Size,
    num_frames: int,
    fps: float = 12.0,
    *,
    family: Family | None = None,
    dance_of: int | None = None,
    whole: bool = False,
    motion: PoseSequence | None = None,
) -> SyntheticClip:
    """Make a labelled clip; the same seed gives the same pixels.

    Args:
        seed: Decides everything that is not asked for below.
        size: Of the frames.
        num_frames: At least 1.
        fps: Frames per second; the dance takes the same time at any rate.
        family: What the character is; None leaves it to the seed.
        dance_of: Dance what this seed's character dances, instead of its own dance.
        whole: Keep the picture's edge from cutting off legs or an arm of the standing character.
        motion: A recorded dance that is performed instead of one by the seed, a pose for each frame; its own
            rate does not count. Needs `num_frames` frames at least.

    Raises:
        ValueError: The recording is too short, or never shows a trunk.
    """
    size = Size(*size)
    character = character_of(seed, family)
    reference_pose = solve(character.body, _stance(seed, character.body, calm=0.9))
    if motion is None:
        dance = sample_dance(_stream(seed if dance_of is None else dance_of, _DANCE), num_frames, fps)
    elif len(motion) < num_frames:
        raise ValueError(f"the recorded dance has {len(motion)} frames; {num_frames} are needed.")
    else:
        dance = motion_of(motion.select(range(num_frames)))
    pose = solve(character.body, dance)
    scene = _stage(seed, size, character, pose, roomy=True, whole=whole)
    reference, reference_maps = _shoot(scene, reference_pose, 0)
    pictures = [_shoot(scene, pose, frame) for frame in range(num_frames)]
    traced = [trace(scene.sprites, picture, maps, reference, reference_maps) for picture, maps in pictures]
    images = [scene.finish.apply(picture.image) for picture, _ in pictures]
    return SyntheticClip(
        frames=FrameSequence(np.stack(images), fps),
        labels=np.stack([_labels(scene.sprites, picture) for picture, _ in pictures]),
        motion=np.stack(traced),
        plate=scene.finish.apply(scene.backdrop),
        reference=_as_still(scene, reference_pose, reference),
        poses=_pose_sequence(pose, scene.camera, size, fps),
        driver_poses=_driver(seed, dance, size, fps),
        caption=f"{character.caption}, dancing",
        kind=character.kind,
    )


def character_of(seed: int, family: Family | None = None) -> Character:
    """Give the character that a clip or picture with this seed shows."""
    return sample_character(_stream(seed, _CHARACTER), family)


def performance(seed: int, size: Size, num_frames: int, fps: float = 12.0) -> SyntheticPerformance:
    """Make the poses of the clip with the same arguments, and paint nothing."""
    size = Size(*size)
    character = character_of(seed)
    stance = solve(character.body, _stance(seed, character.body, calm=0.9))
    dance = sample_dance(_stream(seed, _DANCE), num_frames, fps)
    pose = solve(character.body, dance)
    camera = _aim(_stream(seed, _CAMERA), size, character, pose, roomy=True, whole=False)
    reference = _pose_sequence(stance, camera, size, fps)
    return SyntheticPerformance(
        reference=reference.hidden(~_within(reference.keypoints, size)),
        poses=_pose_sequence(pose, camera, size, fps),
        driver_poses=_driver(seed, dance, size, fps),
        body=character.body,
        kind=character.kind,
    )


def _stance(seed: int, body: Body, *, calm: float) -> Motion:
    """One pose, `calm` with that probability; in four of ten of those the hands are at the own body."""
    rng = _stream(seed, _POSE)
    if rng.random() >= calm:
        return still_motion(rng, calm=False)
    pose = sample_pose(rng, calm=True)
    return Motion((touch(rng, body, pose) if rng.random() < 0.42 else pose)[None])


def _stream(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream])


def _stage(
    seed: int, size: Size, character: Character, pose: Pose, *, roomy: bool, whole: bool = False
) -> _Scene:
    """Choose camera, light and background, and paint the character's pieces for them."""
    rng = _stream(seed, _SCENE)
    camera = _aim(_stream(seed, _CAMERA), size, character, pose, roomy=roomy, whole=whole)
    lighting, finish = sample_lighting(rng), sample_finish(rng, size)
    hidden, shared = rng.random() < 0.12, rng.random() < 0.6
    blend = float(rng.uniform(0, 0.5)) if rng.random() < 0.6 else 0.0
    backdrop = paint_backdrop(rng, size, lighting if shared else None, character.palette if hidden else None)
    lighting = _tinted(lighting, backdrop, blend)
    sprites = paint_sprites(character, camera.scale, lighting, _stream(seed, _PAINT))
    around = sample_surroundings(rng, lighting.direction, character.shade)
    return _Scene(character, camera, sprites, backdrop, finish, around, size)


def _tinted(lighting: Lighting, backdrop: np.ndarray, share: float) -> Lighting:
    """Light with a share of the scene's own colour, as bounces off walls and floors."""
    mean = backdrop.reshape(-1, 3).mean(axis=0) + 12.0
    tint = np.clip(1 + share * (mean / mean.mean() - 1), 0.6, 1.25)
    red, green, blue = (np.array(lighting.colour) * tint).tolist()
    dark_red, dark_green, dark_blue = (np.array(lighting.shadow) * tint).tolist()
    return replace(lighting, colour=(red, green, blue), shadow=(dark_red, dark_green, dark_blue))


def _aim(
    rng: np.random.Generator, size: Size, character: Character, pose: Pose, *, roomy: bool, whole: bool
) -> Camera:
    top, bottom = character.extent()
    tall = bottom - top
    share = rng.uniform(0.45, 0.82) if roomy else rng.uniform(0.45, 0.95)
    scale = share * size.height / tall
    reach = np.abs(pose.joints[..., 0]).max() + 0.06
    scale = min(scale, size.width * (0.5 if roomy else 0.56) / reach)
    tall *= scale
    free = size.height - tall
    ground = tall + free * rng.uniform(0.45, 0.95)
    slack = max(size.width / 2 - reach * scale, 0)
    x = size.width / 2 + rng.uniform(-0.8, 0.8) * slack
    cut = 1.0 if whole else rng.random()
    if cut < 0.2:  # the picture's lower edge cuts off the legs
        zoom = rng.uniform(1.25, 2.1)
        scale *= zoom
        ground = rng.uniform(0.03, 0.12) * size.height + tall * zoom
        neck = float(pose.joints[:, NECK, 1].mean()) * scale
        ground = min(ground, 0.75 * size.height - neck)
    elif cut < 0.25:  # its side cuts off an arm
        x += rng.choice([-1.0, 1.0]) * 0.3 * reach * scale
    return Camera(float(scale), float(x), float(ground))


def _shoot(scene: _Scene, pose: Pose, frame: int) -> tuple[Picture, np.ndarray]:
    maps = pixel_maps(scene.sprites, placements(scene.character, pose)[frame : frame + 1], scene.camera)[0]
    feet = _feet(scene, pose, frame)
    ground = cast_shadow(scene.backdrop, feet, scene.camera.scale * 0.11, scene.around.ground)
    order = drawing_order(scene.sprites, pose, frame)
    return draw(ground, scene.sprites, maps, order, scene.around, scene.camera.y), maps


def _feet(scene: _Scene, pose: Pose, frame: int) -> np.ndarray:
    body = pose.body
    legs = [index for index in range(2) if body.legs[index]]
    if legs:
        points = pose.limbs[frame, [2 + index for index in legs], 2] + (0.0, body.foot)
    else:
        middle = pose.frames[frame, Frame.PELVIS, 0, 2]
        points = np.array([(middle + x * body.hip, 0.0) for x in (-1, 0, 1)])
    return scene.camera.project(points)


def _labels(sprites: tuple[Sprite, ...], picture: Picture) -> np.ndarray:
    table = np.array([*(sprite.label for sprite in sprites), 0], np.uint8)
    labels: np.ndarray = table[picture.owner]
    return labels


def _as_still(scene: _Scene, pose: Pose, picture: Picture) -> SyntheticStill:
    keypoints = scene.camera.key_points(pose.joints[0])
    return SyntheticStill(
        image=scene.finish.apply(picture.image),
        labels=_labels(scene.sprites, picture),
        plate=scene.finish.apply(scene.backdrop),
        keypoints=keypoints,
        present=_within(keypoints, scene.size) & _exists(pose.body),
        caption=scene.character.caption,
        kind=scene.character.kind,
    )


def _within(keypoints: np.ndarray, size: Size) -> np.ndarray:
    inside: np.ndarray = ((keypoints >= 0) & (keypoints < (size.width, size.height))).all(axis=-1)
    return inside


def _exists(body: Body) -> np.ndarray:
    """Which of the eighteen joints a body has."""
    exists = np.ones(18, bool)
    for joints, there in zip(_LIMB_JOINTS, (*body.arms, *body.legs), strict=True):
        exists[list(joints)] = there
    return exists


def _pose_sequence(pose: Pose, camera: Camera, size: Size, fps: float) -> PoseSequence:
    """Body joints, and toes of those who have legs; nothing else is seen."""
    count = len(pose.joints)
    points, scores = np.zeros((count, NUM_KEYPOINTS, 2)), np.zeros((count, NUM_KEYPOINTS), np.float32)
    points[:, BODY] = pose.joints
    scores[:, BODY] = _exists(pose.body)
    feet = ((RIGHT_BIG_TOE, RIGHT_SMALL_TOE, RIGHT_HEEL), (LEFT_BIG_TOE, LEFT_SMALL_TOE, LEFT_HEEL))
    for side, (big, small, heel) in enumerate(feet):
        ankle, sign, foot = pose.limbs[:, 2 + side, 2], (-1, 1)[side], pose.body.foot
        for joint, x, y in ((big, 0.5, 0.95), (small, 1.1, 0.85), (heel, -0.2, 0.8)):
            points[:, joint] = ankle + (sign * x * foot, y * foot)
            scores[:, joint] = pose.body.legs[side]
    return PoseSequence(camera.key_points(points), scores, size, fps)


def _driver(seed: int, dance: Motion, size: Size, fps: float) -> PoseSequence:
    rng = _stream(seed, _DRIVER)
    pose = solve(driver_body(rng), dance)
    reach, tall = np.abs(pose.joints[..., 0]).max() + 0.05, 0.05 - pose.joints[..., 1].min()
    scale = min(rng.uniform(0.45, 0.9) * size.height, 0.5 * size.width / reach, 0.98 * size.height / tall)
    x = size.width / 2 + rng.uniform(-0.9, 0.9) * (size.width / 2 - reach * scale)
    ground = tall * scale + (size.height - tall * scale) * rng.uniform(0.3, 0.95)
    return _pose_sequence(pose, Camera(float(scale), float(x), float(ground)), size, fps)
