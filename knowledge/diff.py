"""What differs between two versions of the catalogue, procedure by procedure and field by field.

What costs a citizen a wasted way comes first: the fee, the time, the place where papers are handed in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from knowledge import _versions
from knowledge.text import fold

# How much a field weighs: 3 where a change sends a citizen the wrong way, 2 where it changes what to bring or how,
# 1 for all other text.
WEIGHTS: Mapping[str, int] = {
    "fees": 3,
    "times": 3,
    "receiving": 3,
    "decided_by": 3,
    "home_service": 3,
    "documents": 2,
    "channels": 2,
    "online": 2,
    "post_in": 2,
    "post_out": 2,
    "on_time_exempt": 2,
    "conditions": 2,
    "results": 2,
}
TITLES: Mapping[str, str] = {
    "fees": "Phí, lệ phí",
    "times": "Thời hạn giải quyết",
    "receiving": "Nơi tiếp nhận",
    "decided_by": "Cơ quan giải quyết",
    "home_service": "Phục vụ tại nhà",
    "documents": "Thành phần hồ sơ",
    "channels": "Cách nộp",
    "online": "Mức độ trực tuyến",
    "post_in": "Nhận hồ sơ qua bưu chính",
    "post_out": "Trả kết quả qua bưu chính",
    "on_time_exempt": "Không áp dụng 100% đúng hạn",
    "conditions": "Yêu cầu, điều kiện",
    "results": "Kết quả",
    "name": "Tên thủ tục",
    "everyday": "Cách gọi thường ngày",
    "field": "Lĩnh vực",
    "promulgator": "Cơ quan ban hành",
    "subjects": "Đối tượng",
    "steps": "Trình tự thực hiện",
    "legal": "Căn cứ pháp lý",
    "source": "Nguồn",
    "starter": "Danh mục khởi đầu",
}
IMPORTANT = 3
# When a record was looked at, and which row of the province's layer says a fact, are not what it says.
_BESIDE = frozenset({"code", "checked", "overlays"})
_ORDER = {field: place for place, field in enumerate(TITLES)}


@dataclass(frozen=True)
class Entry:
    """A procedure that only one of the two versions holds."""

    code: str
    name: str


@dataclass(frozen=True)
class FieldChange:
    """One field that differs; `before` and `after` are plain JSON values, None where the record does not hold it."""

    field: str
    before: Any
    after: Any
    weight: int

    @property
    def title(self) -> str:
        """What staff call the field."""
        return TITLES.get(self.field, self.field)

    @property
    def before_lines(self) -> tuple[str, ...]:
        """The old value for a person to read."""
        return readable(self.before)

    @property
    def after_lines(self) -> tuple[str, ...]:
        """The new value for a person to read."""
        return readable(self.after)


@dataclass(frozen=True)
class Changed:
    """A procedure that both versions hold and that differs; the weightiest fields first."""

    code: str
    name: str
    fields: tuple[FieldChange, ...]

    @property
    def important(self) -> bool:
        """Whether the fee, the time or the place changed."""
        return any(change.weight >= IMPORTANT for change in self.fields)


@dataclass(frozen=True)
class Diff:
    """The difference between two versions.

    Attributes:
        base: the version compared with; None when nothing was live.
        version: the version looked at.
        added: procedures that only `version` holds, by code.
        removed: procedures that only `base` holds, by code.
        changed: those that differ; fee, time and place first.
        words_added: rows of the admins' vocabulary that only `version` has.
        words_removed: rows that only `base` has.
        rechecked: how many are the same but for the day on which they were checked.
    """

    base: str | None
    version: str
    added: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()
    changed: tuple[Changed, ...] = ()
    words_added: tuple[str, ...] = ()
    words_removed: tuple[str, ...] = ()
    rechecked: int = 0

    @property
    def empty(self) -> bool:
        """Whether both versions say the same."""
        return not (self.added or self.removed or self.changed or self.words_added or self.words_removed)

    def counts(self) -> dict[str, Any]:
        """How much differs: added, removed, changed, important (fee, time or place), words, rechecked, and by field."""
        fields = Counter(change.field for one in self.changed for change in one.fields)
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "changed": len(self.changed),
            "important": sum(one.important for one in self.changed),
            "words": len(self.words_added) + len(self.words_removed),
            "rechecked": self.rechecked,
            "fields": {field: fields[field] for field in sorted(fields, key=_place)},
        }

    def only(self, *, field: str | None = None, text: str = "", important: bool = False) -> Diff:
        """The part that concerns one field, some text in code or name, or fee, time and place only.

        A field, or `important`, leaves only changed procedures, with what else of them changed.
        """
        wanted = fold(text.strip())

        def fits(entry: Entry | Changed) -> bool:
            return not wanted or wanted in entry.code.lower() or wanted in fold(entry.name)

        narrow = field is not None or important
        changed = [one for one in self.changed if fits(one)]
        if field is not None:
            changed = [one for one in changed if any(change.field == field for change in one.fields)]
        if important:
            changed = [one for one in changed if one.important]
        return replace(
            self,
            added=() if narrow else tuple(filter(fits, self.added)),
            removed=() if narrow else tuple(filter(fits, self.removed)),
            changed=tuple(changed),
        )

    def as_json(self) -> dict[str, Any]:
        """The difference as plain values; `from_json` reads it again."""
        return {**asdict(self), "counts": self.counts()}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Diff:
        """What `as_json` gave."""
        return Diff(
            base=value["base"],
            version=value["version"],
            added=tuple(Entry(**entry) for entry in value["added"]),
            removed=tuple(Entry(**entry) for entry in value["removed"]),
            changed=tuple(
                Changed(one["code"], one["name"], tuple(FieldChange(**change) for change in one["fields"]))
                for one in value["changed"]
            ),
            words_added=tuple(value["words_added"]),
            words_removed=tuple(value["words_removed"]),
            rechecked=value["rechecked"],
        )


def compare(
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    *,
    base: str | None,
    version: str,
    words: tuple[Iterable[str], Iterable[str]] = ((), ()),
) -> Diff:
    """Compare two catalogues.

    Args:
        before: records by code, each as its one line of JSON.
        after: the same of the other catalogue.
        base: id of the first.
        version: id of the second.
        words: the admins' vocabulary of both, a row a text.
    """
    changed: list[Changed] = []
    rechecked = 0
    for code, new in after.items():
        old = before.get(code)
        if old is None or old == new:
            continue
        was, now = json.loads(old), json.loads(new)
        fields = _fields(was, now)
        if fields:
            changed.append(Changed(code, now["name"], fields))
        else:
            rechecked += was.get("checked") != now.get("checked")
    changed.sort(key=lambda one: (*(-change.weight for change in one.fields[:1]), one.code))
    old_words, new_words = map(dict.fromkeys, words)
    return Diff(
        base,
        version,
        tuple(_entry(after[code]) for code in sorted(after.keys() - before.keys())),
        tuple(_entry(before[code]) for code in sorted(before.keys() - after.keys())),
        tuple(changed),
        tuple(word for word in new_words if word not in old_words),
        tuple(word for word in old_words if word not in new_words),
        rechecked,
    )


def readable(value: Any) -> tuple[str, ...]:
    """A field's value as lines of text; none for what is not held."""
    if value is None or value == []:
        return ()
    if isinstance(value, list):
        return tuple(text for item in value for text in readable(item))
    if isinstance(value, bool):
        return ("có" if value else "không",)
    if isinstance(value, Mapping):
        if "items" in value:
            head = (f"{value['case']}:",) if value.get("case") else ()
            return (*head, *readable(value["items"]))
        main = str(value.get("text") or value.get("name") or value.get("office") or value.get("title") or "")
        rest = [f"{key}={held}" for key, held in value.items() if held is not None and str(held) != main]
        return ("; ".join((main, *rest) if main else rest),)
    return tuple(str(value).splitlines())


def _fields(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    found = [
        FieldChange(field, was.get(field), now.get(field), WEIGHTS.get(field, 1))
        for field in {*was, *now} - _BESIDE
        if was.get(field) != now.get(field)
    ]
    return tuple(sorted(found, key=lambda change: (-change.weight, _place(change.field))))


def _place(field: str) -> tuple[int, str]:
    return (_ORDER.get(field, len(_ORDER)), field)


def _entry(record: bytes) -> Entry:
    held = json.loads(record)
    return Entry(held["code"], held["name"])


def as_text(diff: Diff, *, most: int = 0) -> Sequence[str]:
    """The difference as lines of text, a procedure a paragraph.

    Args:
        diff: what to write.
        most: procedures to write of each kind at most; 0: all.
    """
    out: list[str] = []

    def cut(what: Sequence[Any]) -> Sequence[Any]:
        return what[:most] if most else what

    def rest(what: Sequence[Any]) -> None:
        if most and len(what) > most:
            out.append(f"  … and {len(what) - most} more")

    for one in cut(diff.changed):
        out.append(f"~ {one.code}  {one.name}")
        for change in one.fields:
            mark = "!" if change.weight >= IMPORTANT else " "
            out.append(f"  {mark} {change.title} ({change.field})")
            out += [f"      - {text}" for text in change.before_lines if text not in change.after_lines]
            out += [f"      + {text}" for text in change.after_lines if text not in change.before_lines]
    rest(diff.changed)
    out += [f"+ {entry.code}  {entry.name}" for entry in cut(diff.added)]
    rest(diff.added)
    out += [f"- {entry.code}  {entry.name}" for entry in cut(diff.removed)]
    rest(diff.removed)
    out += [f"+ word: {word}" for word in diff.words_added]
    out += [f"- word: {word}" for word in diff.words_removed]
    return out


def folders(base: Path | None, version: Path, *, version_id: str = "") -> Diff:
    """Compare the folders of two versions.

    Args:
        base: the folder of the one; None: nothing, all is added.
        version: the folder of the other.
        version_id: its id where the folder is not called so yet.
    """
    before = _versions.lines(base) if base is not None else {}
    words = (_words(base) if base is not None else [], _words(version))
    base_id = base.name if base is not None else None
    return compare(before, _versions.lines(version), base=base_id, version=version_id or version.name, words=words)


def _words(folder: Path) -> list[str]:
    return [f"{row['everyday']} → {row['official']}" for row in _versions.words(folder)]
