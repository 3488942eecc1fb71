"""What `bench search` prints: tables, the goals that are set, and what moved since the last run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench._history import Run, changes
from bench._measure import Figure, Floats, are, difference, first, five, mean, reciprocal
from bench._table import print_table

_LETTERS = {
    "answered right": "R",
    "answered wrong": "W",
    "asked, right among": "A",
    "asked in vain": "V",
    "unknown": "U",
}


def print_quality(found: Mapping[str, Mapping[str, str]], systems: Sequence[str]) -> None:
    """One row a set and slice: ours with intervals, then R@1 / R@5 / MRR of the others."""
    rivals = [name for name in systems if name != "search"]
    head = ["set, slice", "n", "R@1 %", "R@5 %", "MRR", *(f"{name}: R@1 %" for name in rivals)]
    head += [f"{name}: R@5 / MRR" for name in rivals]
    rows = []
    for name, letters in found.items():
        ours = letters["search"]
        row = [name, str(len(ours)), mean(first(ours)).percent(), mean(five(ours)).percent()]
        row += [mean(reciprocal(ours)).share(), *(mean(first(letters[rival])).percent() for rival in rivals)]
        row += [
            f"{100 * five(letters[rival]).mean():.1f} / {reciprocal(letters[rival]).mean():.2f}" for rival in rivals
        ]
        rows.append(row)
    print_table(head, rows)
    print()


def print_decisions(judged: Mapping[str, str]) -> None:
    """One row a set and slice: the shares of what was decided, and of the answers, how many name a wrong procedure."""
    head = ["% of questions", "n", *_LETTERS, "wrong among answers"]
    rows = []
    for name, letters in judged.items():
        row = [name, str(len(letters)), *(mean(are(letters, wanted)).percent() for wanted in _LETTERS.values())]
        among = mean(are(letters, "W"), of=are(letters, "RW")).percent() if set(letters) & set("RA") else "–"
        rows.append([*row, among])
    print_table(head, rows)
    print()


def print_goals(found: Mapping[str, Mapping[str, str]], judged: Mapping[str, str]) -> bool:
    """What the project set itself, each with what was measured; gives whether all are reached."""

    def ranked(name: str, values: Callable[[str], Floats]) -> Figure:
        return mean(values(found[name]["search"] if name in found else ""))

    def fall(slice_: str) -> Figure:
        before, after = found["all, as typed"]["search"], found[f"all, {slice_}"]["search"]
        return difference(first(before), first(after))

    answerable = judged["all, as typed"]
    goals = [
        ("editors' questions, R@1", ranked("editor, as typed", first), 0.85, True),
        ("editors' questions, R@5", ranked("editor, as typed", five), 0.97, True),
        ("portal's questions, R@1", ranked("portal, as typed", first), 0.93, True),
        ("R@1 lost without diacritics", fall("no diacritics"), 0.02, False),
        ("R@1 lost with typing slips", fall("typos"), 0.06, False),
        ("wrong among the answers", mean(are(answerable, "W"), of=are(answerable, "RW")), 0.05, False),
        ("answerable ones asked back", mean(are(answerable, "AV")), 0.5, False),
        ("negatives that get a procedure", mean(are(judged["negative, all, as typed"], "W")), 0.10, False),
    ]
    reached = True
    for name, figure, limit, least in goals:
        if not figure.count:
            continue
        ok = figure.value >= limit if least else figure.value <= limit
        reached &= ok
        sign = "at least" if least else "at most"
        print(f"{'ok ' if ok else '-- '} {name}: {figure.percent()} %, {sign} {100 * limit:.0f} % wanted")
    print()
    return reached


def print_changes(before: Run | None, now: Run) -> bool:
    """What moved since an earlier run; gives whether something fell by more than the noise."""
    if before is None:
        print("\nhistory: no earlier run over these questions")
        return False
    moved = changes(before, now)
    print(f"\nhistory: {len(moved)} figures moved since {before.at} ({before.commit or 'no commit'})")
    if moved:
        head = ["figure, %", "before", "now", "difference", ""]
        rows = []
        for change in moved:
            pair = [f"{100 * change.before:.1f}", f"{100 * change.after:.1f}"]
            rows.append([change.name, *pair, change.difference.percent(), "worse" if change.worse else ""])
        print_table(head, rows)
    return any(change.worse for change in moved)
