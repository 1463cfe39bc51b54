"""Answers of a study to preferences: who was chosen how often, with intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from animatex.bench.documents import read_document
from animatex.bench.study import QUESTIONS, StudyKey
from animatex.bench.tables import Cell, Table
from animatex.errors import InputError

ANSWERS_FORMAT = "animatex-answers/1"

LEVEL = 0.95
_Z = 1.959963984540054  # the normal distribution's quantile at (1 + LEVEL) / 2


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice.

    Attributes:
        pair: Name of the pair.
        question: Name of the question.
        chosen: Name of the video.
        side: Where it was shown.
        seconds: How long the pair had been on the screen.
    """

    pair: str
    question: str
    chosen: str
    side: Literal["left", "right"]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What one person's browser saved.

    Attributes:
        study: Name of the study.
        rater: Random name of the person.
        complete: Whether every question was answered.
        answers: In the order in which they were first given.
    """

    study: str
    rater: str
    complete: bool
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How often somebody was chosen.

    Attributes:
        wins: Times.
        of: Choices that there were.
    """

    wins: int
    of: int

    @property
    def rate(self) -> float | None:
        """Wins over choices, 0 to 1; None where there were none."""
        return self.wins / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval of the rate, at 95 %; None where there were no choices."""
        if not self.of:
            return None
        rate, n = self.wins / self.of, self.of
        centre = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z / (1 + _Z**2 / n) * math.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
        # At 0 and at 1 rounding would leave the rate itself outside.
        return max(0.0, min(rate, centre - reach)), min(1.0, max(rate, centre + reach))


@dataclass(frozen=True, slots=True)
class Duel:
    """Two methods on one question.

    Attributes:
        question: Its name.
        method: Who is counted.
        rival: The other.
        share: How often `method` was chosen.
    """

    question: str
    method: str
    rival: str
    share: Share


@dataclass(frozen=True, slots=True)
class Tally:
    """All answers of a study, counted.

    Attributes:
        study: Its name.
        raters: Number of people.
        unfinished: How many of them left questions open.
        methods: Who was compared.
        duels: For each question and each two methods, the earlier one's share.
        left: How often the video on the left was chosen: far from a half, sides mattered.
    """

    study: str
    raters: int
    unfinished: int
    methods: tuple[str, ...]
    duels: tuple[Duel, ...]
    left: Share

    def preference(self, question: str, method: str) -> Share:
        """Give how often a method was chosen among all pairs that it was part of."""
        wins = of = 0
        for duel in self.duels:
            if duel.question == question and method in (duel.method, duel.rival):
                wins += duel.share.wins if method == duel.method else duel.share.of - duel.share.wins
                of += duel.share.of
        return Share(wins, of)


def read_answers(paths: Sequence[Path], key: StudyKey) -> tuple[Answers, ...]:
    """Read what raters saved, and check it against the study.

    Raises:
        InputError: A file cannot be used, is of another study, does not fit this one, or repeats a rater.
    """
    again = "ask the rater to download the answers again."
    found: dict[str, Path] = {}
    read = []
    for path in paths:
        answers = read_document(path, ANSWERS_FORMAT, Answers, what="file of answers", again=again)
        if answers.study != key.study:
            raise InputError(
                f"{path} answers study {answers.study}; the key is of study {key.study}",
                hint="--key with the key that was written with that page.",
            )
        if answers.rater in found:
            raise InputError(
                f"{found[answers.rater]} and {path} are both of rater {answers.rater}",
                hint="keep the later one: it holds the earlier one's answers.",
            )
        found[answers.rater] = path
        _check(path, answers, key)
        read.append(answers)
    if not any(answers.answers for answers in read):
        raise InputError(f"no question is answered in {len(read)} files", hint=again)
    return tuple(read)


def tally(answers: Sequence[Answers], key: StudyKey) -> Tally:
    """Count.

    Args:
        answers: From `read_answers`.
        key: Of the same study.
    """
    pairs = {pair.id: pair.videos for pair in key.pairs}
    wins: Counter[tuple[str, str, str]] = Counter()
    for one in answers:
        for answer in one.answers:
            videos = pairs[answer.pair]
            winner = videos[answer.chosen]
            loser = next(method for method in videos.values() if method != winner)
            wins[answer.question, winner, loser] += 1
    duels = tuple(
        Duel(
            question,
            method,
            rival,
            Share(
                wins[question, method, rival], wins[question, method, rival] + wins[question, rival, method]
            ),
        )
        for question in key.questions
        for method, rival in combinations(key.methods, 2)
    )
    sides = [answer.side for one in answers for answer in one.answers]
    return Tally(
        study=key.study,
        raters=len(answers),
        unfinished=sum(not one.complete for one in answers),
        methods=key.methods,
        duels=duels,
        left=Share(sides.count("left"), len(sides)),
    )


def preference_table(counted: Tally) -> Table:
    """Lay out preferences as the paper's Table 3 does: questions down, methods across, percent."""
    titles = question_titles()
    rows = []
    for question in dict.fromkeys(duel.question for duel in counted.duels):
        shares = [counted.preference(question, method) for method in counted.methods]
        rates = [share.rate for share in shares]
        best = max((rate for rate in rates if rate is not None), default=None)
        cells = [Cell(percent(rate), rate is not None and rate == best) for rate in rates]
        rows.append((Cell(f"{titles[question]} ↑"), *cells))
    return Table(("", *counted.methods), tuple(rows))


def duel_table(counted: Tally) -> Table:
    """Lay out each question and pair: share, interval, choices."""
    titles = question_titles()
    rows = tuple(
        (
            Cell(titles[duel.question]),
            Cell(f"{duel.method} over {duel.rival}"),
            Cell(percent(duel.share.rate)),
            Cell(_range(duel.share.interval)),
            Cell(f"{duel.share.wins} of {duel.share.of}"),
        )
        for duel in counted.duels
    )
    return Table(("question", "pair", "chosen", f"{LEVEL:.0%} interval", "choices"), rows)


def question_titles() -> Mapping[str, str]:
    """Give each question's name in tables."""
    return {question.id: question.title for question in QUESTIONS}


def percent(rate: float | None) -> str:
    """Write a rate as the paper does; a dash where there is none."""
    return "–" if rate is None else f"{100 * rate:.1f}%"


def _range(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{percent(interval[0])} to {percent(interval[1])}"


def _check(path: Path, answers: Answers, key: StudyKey) -> None:
    pairs = {pair.id: pair.videos for pair in key.pairs}
    given = set()
    for place, answer in enumerate(answers.answers):
        where = f"{path}: answers.{place}"
        if answer.pair not in pairs:
            raise InputError(f"{where}: the study has no pair {answer.pair}", hint=_DAMAGED)
        if answer.question not in key.questions:
            raise InputError(f"{where}: the study does not ask '{answer.question}'", hint=_DAMAGED)
        if answer.chosen not in pairs[answer.pair]:
            raise InputError(f"{where}: pair {answer.pair} has no video {answer.chosen}", hint=_DAMAGED)
        if (answer.pair, answer.question) in given:
            raise InputError(
                f"{where}: {answer.question} of pair {answer.pair} is answered twice", hint=_DAMAGED
            )
        given.add((answer.pair, answer.question))


_DAMAGED = "the file was changed: ask the rater to download it again."
