"""Charts drawn here as SVG, so that a page needs no script for them; the numbers stand in a table beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDE, _HIGH = 520, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 12, 34
_MOST_NAMES = 6
_ROW = 30
_NAME_WIDE = 230


@dataclass(frozen=True)
class Series:
    """One colour of a chart: `tone` is its class in `report.css`."""

    name: str
    tone: str
    values: tuple[float, ...]


def columns(title: str, names: Sequence[str], series: Sequence[Series], *, stacked: bool = False) -> Markup:
    """Columns over time, the series side by side or on top of each other."""
    stacks = [sum(one.values[at] for one in series) for at in range(len(names))]
    top = _round_up(max([*(stacks if stacked else [v for one in series for v in one.values]), 1]))
    wide, high = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BOTTOM
    drawn = [_grid(top, high)]
    slot = wide / max(1, len(names))
    bar = slot * 0.8 / (1 if stacked else max(1, len(series)))
    every = -(-len(names) // _MOST_NAMES)
    for at, name in enumerate(names):
        left, below = _LEFT + at * slot + slot * 0.1, 0.0
        for number, one in enumerate(series):
            tall = high * one.values[at] / top
            x = left if stacked else left + number * bar
            y = _TOP + high - tall - below
            said = f"{name}: {one.name} {_said(one.values[at])}"
            drawn.append(_bar(x, y, bar, tall, one.tone, said))
            below += tall if stacked else 0
        if at % every == 0:
            drawn.append(_text(left + slot * 0.4, _HIGH - 12, name, "middle"))
    return _svg(title, _HIGH, drawn)


def bars(title: str, rows: Sequence[tuple[str, float]], tone: str) -> Markup:
    """Bars of named things, one below the other, with their numbers."""
    top = max([value for _, value in rows] + [1])
    wide = _WIDE - _NAME_WIDE - 60
    drawn = []
    for at, (name, value) in enumerate(rows):
        y = at * _ROW + 4
        drawn.append(_text(_NAME_WIDE - 8, y + 15, _cut(name), "end"))
        drawn.append(_bar(_NAME_WIDE, y, wide * value / top, _ROW - 10, tone, f"{name}: {_said(value)}"))
        drawn.append(_text(_NAME_WIDE + wide * value / top + 6, y + 15, _said(value), "start"))
    return _svg(title, len(rows) * _ROW + 6, drawn)


def _svg(title: str, high: float, drawn: Sequence[Markup]) -> Markup:
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        _WIDE, _number(high), title
    )
    return head + Markup("").join(drawn) + Markup("</svg>")


def _grid(top: float, high: float) -> Markup:
    lines = []
    for part in range(5):
        y = _TOP + high * (1 - part / 4)
        lines.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                _LEFT, _WIDE - _RIGHT, _number(y), _number(y)
            )
        )
        lines.append(_text(_LEFT - 6, y + 4, _said(top * part / 4), "end"))
    return Markup("").join(lines)


def _bar(x: float, y: float, wide: float, tall: float, tone: str, said: str) -> Markup:
    shape = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
    return shape.format(tone, *(_number(value) for value in (x, y, max(0.0, wide - 1), tall)), said)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(_number(x), _number(y), anchor, escape(text))


def _round_up(value: float) -> float:
    """The next number whose quarters are round: 4, 8, 20, 40, 80, 200 …"""
    power = 1
    while True:
        for step in (4, 8, 20):
            if step * power >= value:
                return step * power
        power *= 10


def _cut(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"


def _said(value: float) -> str:
    whole = value == int(value)
    text = f"{int(value):,}" if whole else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def _number(value: float) -> str:
    return f"{value:.1f}"
