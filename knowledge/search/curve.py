"""The calibration as a picture: how honest the probabilities are, and what a threshold buys.

Plain SVG without scripts, so that it stands in a page of the console, in a file, and in print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

Point = tuple[float, bool]
_BINS: Final = 10
_SIDE: Final = 240
_LEFT: Final = 52
_TOP: Final = 34
_GAP: Final = 84
_WIDTH: Final = 2 * _SIDE + _LEFT + _GAP + 24
_HEIGHT: Final = _SIDE + _TOP + 46
# Fewer questions than this say nothing about a share of them.
_LEAST: Final = 5


@dataclass(frozen=True)
class Words:
    """What is written on the picture."""

    reliability: str = "Độ tin cậy"
    said: str = "xác suất máy nói"
    was: str = "tỉ lệ đúng thật"
    coverage: str = "Ngưỡng trả lời"
    answered: str = "phần câu hỏi được trả lời ngay"
    precision: str = "tỉ lệ trả lời đúng"
    questions: str = "câu hỏi"
    none: str = "Chưa có số liệu."


VIETNAMESE: Final = Words()
ENGLISH: Final = Words(
    "Reliability", "probability given", "share right", "Threshold of answering", "share answered at once",
    "share of answers right", "questions", "No figures yet.",
)  # fmt: skip


@dataclass(frozen=True)
class Bin:
    """The questions whose probability lies in one tenth of the scale: the mean of it, the share right, how many."""

    said: float
    was: float
    count: int


@dataclass(frozen=True)
class Step:
    """Answering from `threshold` on: the share of questions answered, and the share of these that are right."""

    threshold: float
    coverage: float
    precision: float


def reliability(points: Sequence[Point]) -> tuple[Bin, ...]:
    """The non-empty tenths of the scale, lowest first.

    Args:
        points: for each question the probability that its first hit is right, and whether it was.

    Raises:
        ValueError: a probability is not between 0 and 1.
    """
    bins: list[list[Point]] = [[] for _ in range(_BINS)]
    for likely, right in _checked(points):
        bins[min(int(likely * _BINS), _BINS - 1)].append((likely, right))
    return tuple(
        Bin(sum(p for p, _ in held) / len(held), sum(r for _, r in held) / len(held), len(held))
        for held in bins
        if held
    )


def coverage(points: Sequence[Point]) -> tuple[Step, ...]:
    """One step for each distinct probability, the highest first; questions of one probability are never split.

    Raises:
        ValueError: a probability is not between 0 and 1.
    """
    ordered = sorted(_checked(points), reverse=True)
    steps: list[Step] = []
    right = 0
    for place, (likely, was) in enumerate(ordered, start=1):
        right += was
        if place == len(ordered) or ordered[place][0] < likely:
            steps.append(Step(likely, place / len(ordered), right / place))
    return tuple(steps)


def svg(points: Sequence[Point], *, threshold: float | None = None, words: Words = VIETNAMESE) -> str:
    """Both curves side by side as one `<svg>` element.

    Args:
        points: for each question the probability that its first hit is right, and whether it was; best from
            questions that the calibration did not see.
        threshold: the probability from which on the search answers; marked in both curves.
        words: the language of the labels.

    Raises:
        ValueError: a probability is not between 0 and 1.
    """
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(words.reliability)}; {escape(words.coverage)}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#333">'
    ]
    if points:
        out += _reliability(points, threshold, words) + _coverage(points, threshold, words)
    else:
        out.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT / 2}" text-anchor="middle">{escape(words.none)}</text>')
    return "".join([*out, "</svg>"])


def _checked(points: Sequence[Point]) -> Sequence[Point]:
    for likely, _ in points:
        if not 0.0 <= likely <= 1.0:
            raise ValueError(f"a probability must be between 0 and 1, not {likely}")
    return points


def _frame(left: float, title: str, below: str, beside: str) -> list[str]:
    """A square with a grid of quarters, a title and the names of its axes."""
    bottom = _TOP + _SIDE
    out = [
        f'<text x="{left + _SIDE / 2:.1f}" y="16" text-anchor="middle" font-size="13" '
        f'font-weight="600">{escape(title)}</text>'
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = left + share * _SIDE, bottom - share * _SIDE
        out.append(
            f'<path d="M{x:.1f} {_TOP}V{bottom}M{left} {y:.1f}H{left + _SIDE}" stroke="#ddd" fill="none"/>'
            f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{round(100 * share)}%</text>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{round(100 * share)}%</text>'
        )
    middle = _TOP + _SIDE / 2
    out.append(
        f'<text x="{left + _SIDE / 2:.1f}" y="{bottom + 34}" text-anchor="middle">{escape(below)}</text>'
        f'<text transform="translate({left - 40:.1f} {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(beside)}</text>"
    )
    return out


def _reliability(points: Sequence[Point], threshold: float | None, words: Words) -> list[str]:
    left, bottom = _LEFT, _TOP + _SIDE
    out = _frame(left, words.reliability, words.said, words.was)
    out.append(f'<path d="M{left} {bottom}L{left + _SIDE} {_TOP}" stroke="#999" stroke-dasharray="4 3"/>')
    bins = reliability(points)
    places = [(left + b.said * _SIDE, bottom - b.was * _SIDE) for b in bins]
    for (x1, y1), (x2, y2) in pairwise(places):
        out.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#1f5fa8" stroke-width="1.5"/>')
    most = max(b.count for b in bins)
    for held, (x, y) in zip(bins, places, strict=True):
        low, high = _wilson(held.was, held.count)
        out.append(
            f'<path d="M{x:.1f} {bottom - low * _SIDE:.1f}V{bottom - high * _SIDE:.1f}" stroke="#1f5fa8" '
            'stroke-opacity="0.4"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 5 * math.sqrt(held.count / most):.1f}" fill="#1f5fa8">'
            f"<title>{100 * held.said:.0f}% → {100 * held.was:.0f}%, {held.count} {escape(words.questions)}</title>"
            "</circle>"
        )
    if threshold is not None:
        x = left + threshold * _SIDE
        out.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#b4430f" stroke-dasharray="2 2"/>')
    return out


def _coverage(points: Sequence[Point], threshold: float | None, words: Words) -> list[str]:
    left, bottom = _LEFT + _SIDE + _GAP, _TOP + _SIDE
    out = _frame(left, words.coverage, words.answered, words.precision)
    steps = coverage(points)
    shown = [s for s in steps if s.coverage * len(points) >= _LEAST] or list(steps[-1:])
    line = " ".join(f"{left + s.coverage * _SIDE:.1f},{bottom - s.precision * _SIDE:.1f}" for s in shown)
    out.append(f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="1.5"/>')
    reached = [s for s in steps if threshold is not None and s.threshold >= threshold]
    if reached:
        at = reached[-1]
        x, y = left + at.coverage * _SIDE, bottom - at.precision * _SIDE
        anchor = "end" if at.coverage > 0.5 else "start"
        text = f"≥ {threshold:.2f}: {100 * at.coverage:.0f}% · {100 * at.precision:.1f}%"
        out.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#b4430f"/>'
            f'<text x="{x:.1f}" y="{min(y + 18, bottom - 6):.1f}" text-anchor="{anchor}" fill="#b4430f">{text}</text>'
        )
    return out


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The interval in which the true share lies with 95 %, after Wilson (1927); good for few questions too."""
    z = 1.96
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, (middle - spread) / (1 + z * z / count)), min(1.0, (middle + spread) / (1 + z * z / count))
