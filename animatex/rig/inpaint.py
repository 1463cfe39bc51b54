"""Painting what is behind the character: patches of what is seen, put together anew.

Coarse to fine, every patch that touches the hole looks for its likeness among the whole patches of the
surroundings, and every hidden pixel becomes what the patches over it agree on (Wexler et al., "Space-Time
Completion of Video", 2007); likenesses are found by propagation and random search (Barnes et al.,
"PatchMatch", 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.rig.fill import push_pull

_WORKING_HEIGHT = 192
_COARSEST = 24
"""Heights, in pixels, between which likenesses are sought."""

_REACH = 3
"""Half a patch's side."""

_ROUNDS, _LAST_ROUNDS = 12, 4
"""How often likenesses are sought and the hole is painted: at every size, and at the largest, which takes
longest."""

_STEPS = ((1, 4), (2, 1))
"""Sweeps of a search: in each, at which distances neighbours are asked."""

_FADING = 1.5
"""By what factor a painted pixel is believed less than its neighbour nearer to what is known."""

_UPRIGHT = 0.1
"""What it costs, as mean squared difference of colours in 0..1, to copy from a whole picture's height above
or below: shelves and floors go on sideways."""


def inpaint(image: np.ndarray, hole: np.ndarray, foreign: np.ndarray | None = None) -> np.ndarray:
    """Fill a hole in a picture with the picture's own textures.

    Args:
        image: uint8 [H, W, 3], RGB.
        hole: bool [H, W]; what is there is not looked at.
        foreign: What shows something else, and is neither filled nor looked at, bool [H, W]; None: nothing.

    Returns:
        uint8 [H, W, 3], equal to `image` where that is looked at; the same input gives the same output. Where
        the picture leaves no whole patch to copy, the hole is filled smoothly.
    """
    foreign = np.zeros_like(hole) if foreign is None else foreign & ~hole
    unknown = hole | foreign
    smooth = push_pull(image, 1.0 - unknown)
    levels = _pyramid(image, hole, foreign) if hole.any() else []
    if not levels:
        return smooth
    random = np.random.default_rng(0)
    level = levels.pop()
    painted = cv2.resize(smooth, level.image.shape[1::-1], interpolation=cv2.INTER_AREA) / np.float32(255)
    places = _anywhere(level, random)
    while True:
        for _ in range(_ROUNDS if levels else _LAST_ROUNDS):
            places, costs = _improved(level, painted, places, random)
            painted = _painted(level, places, costs)
        if not levels:
            return _at_full_size(image, hole, unknown, smooth, level, places)
        coarser, level = level, levels.pop()
        places = _enlarged(places, coarser, level, random)
        painted = _painted(level, places, np.zeros(len(places), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The picture at one size.

    Attributes:
        image: float32 [h, w, 3] in 0..1; anything inside the hole.
        hole: bool [h, w].
        patches: The patch around every pixel, float32 [h * w, 3 * side * side].
        whole: Where a patch lies inside the picture and outside of the hole, bool [h, w].
        wanted: Centres (row, column) of the patches that touch the hole, int [N, 2].
        number: Which of `wanted` a pixel is, int [h, w]; -1: none.
        trust: How much to believe a pixel: 1 outside of the hole, less the deeper in it; 0 where it shows
            something else; float32 [h, w].
    """

    image: np.ndarray
    hole: np.ndarray
    patches: np.ndarray
    whole: np.ndarray
    wanted: np.ndarray
    number: np.ndarray
    trust: np.ndarray


def _pyramid(image: np.ndarray, hole: np.ndarray, foreign: np.ndarray) -> list[_Level]:
    """The picture at the working size, at half of it, and so on, as long as there are patches to copy."""
    height, width = image.shape[:2]
    tall, levels = min(_WORKING_HEIGHT, height), []
    while tall >= _COARSEST:
        size = (max(1, round(width * tall / height)), tall)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        covered = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        other = cv2.resize(foreign.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        level = _level(small, covered, other & ~covered)
        if not level.whole.any():
            break
        levels.append(level)
        tall //= 2
    return levels


def _level(image: np.ndarray, hole: np.ndarray, foreign: np.ndarray) -> _Level:
    around = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    touching = cv2.dilate(hole.astype(np.uint8), around) > 0
    inside = np.zeros(hole.shape, bool)
    inside[_REACH:-_REACH, _REACH:-_REACH] = True
    wanted = np.argwhere(touching)
    number = np.full(hole.shape, -1)
    number[touching] = np.arange(len(wanted))
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    whole = inside & ~touching & (cv2.dilate(foreign.astype(np.uint8), around) == 0)
    trust = np.where(foreign, np.float32(0), np.float32(_FADING) ** -depth)
    patches = _patches(image).reshape(hole.size, -1)
    return _Level(image, hole, patches, whole, wanted, number, trust)


def _anywhere(level: _Level, random: np.random.Generator) -> np.ndarray:
    """A likeness at random for every wanted patch: centres (row, column), int [N, 2]."""
    sources = np.argwhere(level.whole)
    return sources[random.integers(0, len(sources), len(level.wanted))]


def _enlarged(places: np.ndarray, coarser: _Level, level: _Level, random: np.random.Generator) -> np.ndarray:
    """The likenesses that were found at half the size, at this one."""
    small, size = np.array(coarser.hole.shape), np.array(level.hole.shape)
    ratio = size / small
    over = np.minimum((level.wanted / ratio).astype(int), small - 1)
    known = coarser.number[over[:, 0], over[:, 1]]
    moved = level.wanted + np.rint((places[known] - over) * ratio).astype(int)
    inside = ((moved >= 0) & (moved < size)).all(1) & (known >= 0)
    moved = np.where(inside[:, None], moved, 0)
    usable = inside & level.whole[moved[:, 0], moved[:, 1]]
    return np.where(usable[:, None], moved, _anywhere(level, random))


def _improved(
    level: _Level, painted: np.ndarray, places: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Take the neighbours' advice, and look around at random, ever nearer: places [N, 2] and costs [N]."""
    size = level.hole.shape
    measure = _Likeness(level, painted)
    every = np.arange(len(level.wanted))
    places, costs = places.copy(), measure(every, places)

    def offer(which: np.ndarray, offered: np.ndarray) -> None:
        inside = ((offered >= 0) & (offered < size)).all(1)
        which, offered = which[inside], offered[inside]
        usable = level.whole[offered[:, 0], offered[:, 1]] & (offered != places[which]).any(1)
        which, offered = which[usable], offered[usable]
        cost = measure(which, offered)
        better = cost < costs[which]
        places[which[better]], costs[which[better]] = offered[better], cost[better]

    for steps in _STEPS:
        for step in steps:
            for aside in ((0, step), (0, -step), (step, 0), (-step, 0)):
                beside = level.wanted + aside
                inside = ((beside >= 0) & (beside < size)).all(1)
                neighbour = level.number[beside[inside, 0], beside[inside, 1]]
                known = neighbour >= 0
                offer(every[inside][known], places[neighbour[known]] - aside)
        radius = float(max(size))
        while radius >= 1:
            offer(every, places + np.rint(random.uniform(-radius, radius, places.shape)).astype(int))
            radius /= 2.5
    return places, costs


class _Likeness:
    """How unlike two patches are: mean squared difference of what is known or believed of the wanted one."""

    def __init__(self, level: _Level, painted: np.ndarray) -> None:
        rows, columns = level.wanted.T
        self._level, self._rows = level, rows
        self._wanted = _patches(painted)[rows, columns].reshape(len(rows), -1)
        trust = _patches(level.trust[..., None])[rows, columns].reshape(len(rows), -1)
        # Of a patch of which nothing is known yet, nothing is wanted but that it is upright.
        self._weights = np.tile(trust / np.maximum(3 * trust.sum(1, keepdims=True), 1e-9), 3)

    def __call__(self, which: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Costs float32 [M] of the wanted patches `which` [M] at places int [M, 2]."""
        height, width = self._level.hole.shape
        # A whole patch has nothing of the hole: it is the same however the hole is painted.
        apart = self._wanted[which] - self._level.patches[places[:, 0] * width + places[:, 1]]
        rise = ((places[:, 0] - self._rows[which]) / height).astype(np.float32)
        cost: np.ndarray = np.einsum("ij,ij,ij->i", apart, apart, self._weights[which])
        return cost + _UPRIGHT * rise * rise


def _patches(image: np.ndarray) -> np.ndarray:
    """The patch around every pixel, edges repeated: a view float32 [h, w, C, side, side] of [h, w, C]."""
    padded = np.pad(image, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), "edge")
    side = 2 * _REACH + 1
    return np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))


def _painted(level: _Level, places: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Every hidden pixel as the likenesses of the patches over it have it on average, float32 [h, w, 3]."""
    height, width = level.hole.shape
    usual = max(2 * float(np.quantile(costs, 0.75)), 1e-5)
    weight = level.trust[level.wanted[:, 0], level.wanted[:, 1]] * np.exp(-costs / usual)
    # With a margin, no patch reaches beyond the array; each has a pixel of its own at every offset.
    wide = width + 2 * _REACH
    total = np.zeros((height + 2 * _REACH) * wide, np.float32)
    colour = np.zeros((len(total), 3), np.float32)
    corners = level.wanted[:, 0] * wide + level.wanted[:, 1]
    patches = level.patches[places[:, 0] * width + places[:, 1]].reshape(len(places), 3, -1)
    shares = weight[:, None, None] * patches
    for row in range(2 * _REACH + 1):
        for column in range(2 * _REACH + 1):
            to = corners + (row * wide + column)
            colour[to] += shares[..., row * (2 * _REACH + 1) + column]
            total[to] += weight
    inside = np.s_[_REACH : height + _REACH, _REACH : width + _REACH]
    colour, total = colour.reshape(-1, wide, 3)[inside], total.reshape(-1, wide, 1)[inside]
    return np.where(level.hole[..., None], colour / np.maximum(total, 1e-12), level.image)


def _at_full_size(
    image: np.ndarray,
    hole: np.ndarray,
    unknown: np.ndarray,
    smooth: np.ndarray,
    level: _Level,
    places: np.ndarray,
) -> np.ndarray:
    """Copy the likenesses' own pixels, each from where the patches nearest to it say."""
    size, small = np.array(image.shape[:2]), np.array(level.hole.shape)
    ratio = size / small
    hidden = np.argwhere(hole)
    base = np.minimum((hidden / ratio).astype(int), small - 1)
    total = np.zeros((len(hidden), 1), np.float32)
    colour = np.zeros((len(hidden), 3), np.float32)
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            over = np.clip(base + (row, column), 0, small - 1)
            number = level.number[over[:, 0], over[:, 1]]
            source = np.clip(hidden + np.rint((places[number] - over) * ratio).astype(int), 0, size - 1)
            near = np.exp(-(((hidden + 0.5) / ratio - over - 0.5) ** 2).sum(1) / 0.8)
            usable = (number >= 0) & ~unknown[source[:, 0], source[:, 1]]
            share = np.where(usable, near, 0).astype(np.float32)[:, None]
            colour += share * image[source[:, 0], source[:, 1]]
            total += share
    result = smooth.copy()
    found = total[:, 0] > 1e-6
    result[tuple(hidden[found].T)] = np.rint(colour[found] / total[found]).astype(np.uint8)
    return result
