"""The error page: every wrong question with what came first, what was right, and the signals of each side by side.

One HTML file without anything from elsewhere; the calibration's curve stands at its top and in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench._questions import Question
from bench._unseen import Asked
from knowledge.procedures import Procedure
from knowledge.search.curve import ENGLISH, Point, svg
from knowledge.search.findings import Findings, Hit

PAGE = "errors.html"
PICTURE = "calibration.svg"
# How deep to look for the right procedure, whose signals are shown beside those of the first.
_DEEP = 200
_SHOWN = 4
_KINDS = {
    "first": "a wrong one came first",
    "wrong": "a wrong one was answered",
    "vain": "asked back without the right one",
    "unknown": "called unknown",
    "negative": "no procedure answers it, and one was given",
}


@dataclass(frozen=True)
class Fault:
    """One wrong question."""

    group: str
    slice: str
    kinds: tuple[str, ...]
    text: str
    question: Question
    found: Findings
    ranking: tuple[Hit, ...]


def faults(
    searcher: Asked,
    questions: Sequence[Question],
    texts: Mapping[str, Sequence[str]],
    none: Sequence[Question],
) -> Iterator[Fault]:
    """All wrong questions: of the answerable ones in each disguise, of the others as they were typed."""
    for slice_, column in texts.items():
        for question, text in zip(questions, column, strict=True):
            found = searcher.search(text, limit=_DEEP)
            ranking = found.ranking or found.hits
            codes = {hit.code for hit in found.hits}
            kinds = []
            if not ranking or ranking[0].code not in question.codes:
                kinds.append("first")
            if found.decision == "answer" and found.hits[0].code not in question.codes:
                kinds.append("wrong")
            if found.decision == "ask" and not codes & question.codes:
                kinds.append("vain")
            if found.decision == "unknown":
                kinds.append("unknown")
            if kinds:
                yield Fault(question.group, slice_, tuple(kinds), text, question, found, ranking)
    for question in none:
        found = searcher.search(question.text, limit=_DEEP)
        if found.decision == "answer":
            group = "not in the catalogue" if question.codes else question.group
            ranking = found.ranking or found.hits
            yield Fault(group, "as typed", ("negative",), question.text, question, found, ranking)


def points(searcher: Asked, questions: Sequence[Question], none: Sequence[Question]) -> list[Point]:
    """For the calibration's curve: how likely the first hit was said to be right, and whether it was."""
    out: list[Point] = []
    for question in (*questions, *none):
        for text in (question.text, question.plain):
            hits = searcher.search(text).hits
            if hits:
                out.append((min(max(hits[0].probability, 0.0), 1.0), hits[0].code in question.codes))
    return out


def write(
    folder: Path,
    searcher: Asked,
    procedures: Sequence[Procedure],
    questions: Sequence[Question],
    texts: Mapping[str, Sequence[str]],
    none: Sequence[Question],
    threshold: float | None = None,
) -> Path:
    """Write `errors.html` and `calibration.svg` into a folder; gives the path of the page.

    The curve marks the `threshold` from which on the search answers.
    """
    names = {p.code: p.name for p in procedures}
    picture = svg(points(searcher, questions, none), threshold=threshold, words=ENGLISH)
    page = _page(list(faults(searcher, questions, texts, none)), names, picture)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PICTURE).write_text(picture, encoding="utf-8")
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors of the search</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem;color:#222;background:#fff}
h1{font-size:1.4rem;margin:.2rem 0 1rem}figure{margin:0 0 1rem;max-width:46rem}
form{position:sticky;top:0;background:#fff;padding:.6rem 0;border-bottom:1px solid #ccc;display:flex;gap:1rem;
flex-wrap:wrap}
select{font:inherit}article{border-bottom:1px solid #ddd;padding:.8rem 0}
article>p{margin:.1rem 0}.q{font-weight:600}.m{color:#666;font-size:.85rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;margin:.4rem 0}
th,td{padding:.1rem .6rem;text-align:right;vertical-align:top}th:first-child,td:first-child{text-align:left}
thead th{max-width:16rem;font-weight:500;text-align:left}tbody tr:nth-child(odd){background:#f5f6f8}
.right{background:#e3f3e5}.b{color:#a3330a;font-weight:600}.g{color:#17692a;font-weight:600}
</style></head><body><h1>Errors of the search</h1>
"""
_SCRIPT = """<script>
const form=document.forms[0],all=[...document.querySelectorAll('article')],count=document.querySelector('#count');
function show(){let n=0;for(const a of all){const ok=['group','slice','kind'].every(k=>{const v=form[k].value;
return !v||a.dataset[k].split('|').includes(v)});a.hidden=!ok;n+=ok}count.textContent=n+' of '+all.length}
form.addEventListener('change',show);show();
</script></body></html>
"""


def _page(found: Sequence[Fault], names: Mapping[str, str], picture: str) -> str:
    groups = dict.fromkeys(fault.group for fault in found)
    slices = dict.fromkeys(fault.slice for fault in found)
    kinds = {kind: _KINDS[kind] for kind in _KINDS if any(kind in fault.kinds for fault in found)}
    filters = "".join(
        (
            _select("group", "set", {group: group for group in groups}),
            _select("slice", "slice", {slice_: slice_ for slice_ in slices}),
            _select("kind", "what went wrong", kinds),
        )
    )
    articles = "".join(_article(fault, names) for fault in found)
    return f"{_HEAD}<figure>{picture}</figure><form>{filters}<span id='count'></span></form>\n{articles}\n{_SCRIPT}"


def _select(name: str, label: str, choices: Mapping[str, str]) -> str:
    options = "".join(f"<option value='{escape(key)}'>{escape(text)}</option>" for key, text in choices.items())
    return f"<label>{label} <select name='{name}'><option value=''>all</option>{options}</select></label>"


def _article(fault: Fault, names: Mapping[str, str]) -> str:
    found = fault.found
    right = [hit for hit in fault.ranking if hit.code in fault.question.codes]
    place = next((i + 1 for i, hit in enumerate(fault.ranking) if hit.code in fault.question.codes), None)
    wanted = "; ".join(f"{code} {names.get(code, '')}" for code in sorted(fault.question.codes)) or "none"
    where = f"at place {place}" if place else "not among the candidates" if fault.question.codes else ""
    by_code = {hit.code: hit for hit in (*fault.ranking[:1], *right[:1], *fault.ranking[1:_SHOWN])}
    shown = list(by_code.values())[:_SHOWN]
    kinds = "; ".join(_KINDS[kind] for kind in fault.kinds)
    return (
        f"<article data-group='{escape(fault.group)}' data-slice='{escape(fault.slice)}' "
        f"data-kind='{'|'.join(fault.kinds)}'><p class='q'>{escape(fault.text)}</p>"
        f"<p class='m'>{escape(fault.group)}, {escape(fault.slice)} · <span class='b'>{kinds}</span> · decision: "
        f"{found.decision} · about a procedure: {found.domain:.2f} · read as: {escape(' '.join(found.subject))}</p>"
        f"<p class='m'>right: <span class='g'>{escape(wanted)}</span> {where}</p>"
        f"{_signals(fault, shown, names)}</article>\n"
    )


def _signals(fault: Fault, shown: Sequence[Hit], names: Mapping[str, str]) -> str:
    if not shown:
        return "<p class='m'>nothing was found</p>"
    heads = "".join(
        f"<th{_mark(fault, hit)}>{escape(hit.code)}<br>{escape(names.get(hit.code, hit.label))}</th>" for hit in shown
    )
    kinds = list(dict.fromkeys(name for hit in shown for name in hit.signals))
    rows = [("score", [hit.score for hit in shown]), ("probability", [hit.probability for hit in shown])]
    rows += [(name, [hit.signals.get(name, 0.0) for hit in shown]) for name in kinds]
    body = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td{_mark(fault, hit)}>{value:.3f}</td>" for hit, value in zip(shown, values, strict=True))
        + "</tr>"
        for name, values in rows
        if any(values)
    )
    return f"<div class='scroll'><table><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table></div>"


def _mark(fault: Fault, hit: Hit) -> str:
    return " class='right'" if hit.code in fault.question.codes else ""
