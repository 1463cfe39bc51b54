"""A blind study of preferences: which two videos are shown together, the page that asks, and its key.

The form is that of the paper's Table 3 and Appendix C: of two videos of the same case, a person says which is
better in three respects. The page knows videos by meaningless names; the key, a file of its own, knows who
made them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from animatex import __version__
from animatex.bench.documents import as_document, read_document, write_document
from animatex.bench.pages import embed_picture, embed_video, render_page
from animatex.bench.results import find_result
from animatex.bench.suite import BenchCase, Suite
from animatex.errors import ConfigError
from animatex.progress import Progress, silent

KEY_FORMAT = "animatex-study-key/1"

_NAME_BYTES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a pair of videos.

    Attributes:
        id: Its name in files.
        title: Its name in tables.
        ask: What a person reads.
    """

    id: str
    title: str
    ask: str


QUESTIONS = (
    Question(
        "identity", "Identity preservation", "In which video does the character stay closer to the picture?"
    ),
    Question(
        "temporal", "Temporal consistency", "Which video is steadier from frame to frame, without flicker?"
    ),
    Question("quality", "Visual quality", "Which video looks better, as a picture in motion?"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two videos that are shown together.

    Attributes:
        id: Its meaningless name.
        case: Which case of the suite both show.
        videos: Meaningless name of a video → who made it; two of them, the left one first.
    """

    id: str
    case: str
    videos: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StudyKey:
    """What turns answers into preferences; raters must not see it.

    Attributes:
        suite: Name of the suite.
        seed: All randomness comes from it.
        methods: Who is compared.
        questions: Their names, in the order in which they are asked.
        pairs: What is shown, in the page's order.
    """

    suite: str
    seed: int
    methods: tuple[str, ...]
    questions: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def study(self) -> str:
        """Name of the study: twelve digits of the key's hash, which answers repeat."""
        return hashlib.sha256(json.dumps(as_document(KEY_FORMAT, self)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _PagePair:
    id: str
    context: str
    videos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Context:
    reference: str
    driving: str


@dataclass(frozen=True, slots=True)
class _Page:
    """What the template knows: no method, no case, no seed."""

    study: str
    version: str
    questions: tuple[Question, ...]
    pairs: tuple[_PagePair, ...]
    contexts: Mapping[str, _Context]
    videos: Mapping[str, str]


def plan_study(suite: Suite, methods: Sequence[str], *, seed: int, max_pairs: int) -> StudyKey:
    """Choose which videos are shown together, in which order and on which sides.

    Every two methods meet equally often, up to one, and each is as often on the left, up to one.

    Args:
        suite: Its cases are shown.
        methods: Who is compared, at least two.
        seed: Of every choice.
        max_pairs: Pairs to show, at most; 0 for all that there are.

    Raises:
        ConfigError: There are not two methods, or two of the same name.
    """
    if len(methods) < 2:
        raise ConfigError("a study compares at least two results", hint="give two folders of results.")
    for method in methods:
        if list(methods).count(method) > 1:
            raise ConfigError(
                f"two results are both called '{method}'", hint="give each a name: NAME=FOLDER."
            )
    rng = np.random.default_rng(seed)
    rivals = list(combinations(methods, 2))
    cases = [[suite.cases[place].id for place in rng.permutation(len(suite.cases))] for _ in rivals]
    first_sides = rng.integers(0, 2, len(rivals))
    # Round by round each two methods meet once, so that a limit cuts all of them alike.
    meetings = [
        (rivals[of], cases[of][turn], (turn + first_sides[of]) % 2)
        for turn in range(len(suite.cases))
        for of in range(len(rivals))
    ][: max_pairs or None]
    names = _names(rng)
    videos = {(method, case): next(names) for both, case, _ in meetings for method in both}
    pairs = []
    for place in rng.permutation(len(meetings)):
        both, case, swap = meetings[place]
        sides = both[::-1] if swap else both
        pairs.append(Pair(next(names), case, {videos[method, case]: method for method in sides}))
    questions = tuple(question.id for question in QUESTIONS)
    return StudyKey(suite.name, seed, tuple(methods), questions, tuple(pairs))


def write_key(path: Path, key: StudyKey) -> None:
    """Write the key.

    Raises:
        InputError: The file cannot be written.
    """
    write_document(path, KEY_FORMAT, key)


def read_key(path: Path) -> StudyKey:
    """Read what `write_key` wrote.

    Raises:
        InputError: The file is missing or no such key.
    """
    again = "animatex bench study writes it beside the page."
    return read_document(path, KEY_FORMAT, StudyKey, what="key of a study", again=again)


def render_study(
    key: StudyKey, suite: Suite, results: Mapping[str, Path], *, side: int, progress: Progress = silent
) -> str:
    """Make the page: everything that a rater needs, and nothing that tells who made what.

    Args:
        key: The study.
        suite: Where its cases come from.
        results: Method → folder of its videos.
        side: Longer side of a video in pixels, at most.
        progress: Told of each video.

    Raises:
        InputError: A video is missing or cannot be read; nothing is left out.
    """
    wanted = {name: (method, pair.case) for pair in key.pairs for name, method in pair.videos.items()}
    found = {name: find_result(results[method], case) for name, (method, case) in wanted.items()}
    cases = {pair.case: suite.case(pair.case) for pair in key.pairs}
    # A case's own name may tell what it is about; the order of first appearance does not.
    contexts = {case: f"c{place}" for place, case in enumerate(cases)}
    progress.start("embedding videos", len(found) + len(cases))
    videos = {}
    for name, path in sorted(found.items()):
        videos[name] = embed_video(path, side, cases[wanted[name][1]].fps)
        progress.advance()
    shown = {}
    for case, name in contexts.items():
        shown[name] = _context(cases[case], side)
        progress.advance()
    progress.done()
    pairs = tuple(_PagePair(pair.id, contexts[pair.case], tuple(pair.videos)) for pair in key.pairs)
    return render_page("study.html", _Page(key.study, __version__, QUESTIONS, pairs, shown, videos))


def _context(case: BenchCase, side: int) -> _Context:
    return _Context(embed_picture(case.reference, side), embed_video(case.driving, side // 2, case.fps))


def _names(rng: np.random.Generator) -> Iterator[str]:
    """Give names that mean nothing, each once."""
    given: set[str] = set()
    while True:
        name = rng.bytes(_NAME_BYTES).hex()
        if name not in given:
            given.add(name)
            yield name
