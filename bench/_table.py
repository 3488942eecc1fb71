"""Plain tables on the terminal, that paste into Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], file: TextIO | None = None) -> None:
    """Print a Markdown table; the first column is left-aligned, the others right-aligned.

    Raises:
        ValueError: a row is not as long as the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row has {len(row)} cells, the head {len(head)}")
    widths = [max(len(str(line[column])) for line in (head, *rows)) for column in range(len(head))]
    out = file or sys.stdout

    def line(cells: Sequence[str]) -> str:
        first, *rest = (str(cell) for cell in cells)
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        return "| " + " | ".join(padded) + " |"

    print(line(head), file=out)
    marks = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print("| " + " | ".join(marks) + " |", file=out)
    for row in rows:
        print(line(row), file=out)
