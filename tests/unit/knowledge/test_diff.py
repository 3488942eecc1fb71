"""The difference of two catalogues: complete, ordered by what costs a citizen a wasted way, readable, filtered."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from knowledge.diff import Diff, as_text, compare, readable


def lines(*records: dict[str, Any]) -> dict[str, bytes]:
    return {record["code"]: json.dumps(record).encode() for record in records}


def record(code: str, **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": f"Thủ tục {code}", "source": {"title": "nguồn"}, **fields}


BEFORE = lines(
    record("1.000001", steps=["Nộp"], fees=[{"text": "10.000 đồng", "amount": 10000}]),
    record("1.000002", steps=["Nộp"]),
    record("1.000003", documents=[{"case": "Mới", "items": [{"name": "Tờ khai"}]}]),
    record("1.000004", checked="2026-01-01"),
    record("1.000005"),
)
AFTER = lines(
    record("1.000001", steps=["Nộp"], fees=[{"text": "20.000 đồng", "amount": 20000}]),
    record("1.000002", steps=["Nộp", "Nhận"]),
    record("1.000003", documents=[{"case": "Mới", "items": [{"name": "Tờ khai"}, {"name": "Ảnh"}]}], steps=["Nộp"]),
    record("1.000004", checked="2026-02-01"),
    record("1.000006"),
)


def made() -> Diff:
    return compare(BEFORE, AFTER, base="a", version="b", words=(["cũ → A", "giữ → B"], ["giữ → B", "mới → C"]))


def test_fee_time_and_place_come_before_papers_and_papers_before_text() -> None:
    difference = made()
    assert [one.code for one in difference.changed] == ["1.000001", "1.000003", "1.000002"]
    assert [change.field for change in difference.changed[1].fields] == ["documents", "steps"]
    assert [one.important for one in difference.changed] == [True, False, False]


def test_added_removed_words_and_mere_dates_are_counted_apart() -> None:
    difference = made()
    assert [entry.code for entry in difference.added] == ["1.000006"]
    assert [entry.code for entry in difference.removed] == ["1.000005"]
    assert (difference.words_added, difference.words_removed) == (("mới → C",), ("cũ → A",))
    counts = difference.counts()
    assert counts["fields"] == {"fees": 1, "documents": 1, "steps": 2}
    assert (counts["added"], counts["removed"], counts["changed"], counts["important"]) == (1, 1, 3, 1)
    assert (counts["words"], counts["rechecked"]) == (2, 1)


def test_the_same_catalogue_differs_in_nothing() -> None:
    assert compare(AFTER, AFTER, base="a", version="b").empty
    only_checked = compare(lines(record("1", checked="2026-01-01")), lines(record("1")), base="a", version="b")
    assert only_checked.empty
    assert only_checked.rechecked == 1


def test_a_difference_survives_being_kept_as_json() -> None:
    difference = made()
    assert Diff.from_json(json.loads(json.dumps(difference.as_json()))) == difference


def test_it_can_be_narrowed_to_a_field_a_text_or_what_matters_most() -> None:
    difference = made()
    assert [one.code for one in difference.only(field="steps").changed] == ["1.000003", "1.000002"]
    assert difference.only(field="steps").added == ()
    assert [one.code for one in difference.only(important=True).changed] == ["1.000001"]
    narrow = difference.only(text="THU TUC 1.000006")
    assert ([entry.code for entry in narrow.added], narrow.changed, narrow.removed) == (["1.000006"], (), ())


def test_a_person_reads_what_was_and_what_is() -> None:
    text = "\n".join(as_text(made()))
    assert "! Phí, lệ phí (fees)\n      - 10.000 đồng; amount=10000\n      + 20.000 đồng; amount=20000" in text
    assert "- Tờ khai" not in text
    assert "+ Ảnh" in text
    assert "… and 2 more" in "\n".join(as_text(made(), most=1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=10,
    )
)
def test_any_value_can_be_read(value: Any) -> None:
    assert all(isinstance(line, str) for line in readable(value))
