"""Whether a message has arrived, by what Zalo tells of its conversation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_oa.history import LATEST, arrived

SINCE = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)


def told(after_s: float, text: Any = "Dạ, tôi nghe", src: Any = 0, **more: Any) -> dict[str, Any]:
    return {"src": src, "time": int((SINCE.timestamp() + after_s) * 1000), "message": text, "type": "text", **more}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], False),
        ([told(0.4)], True),
        ([told(-1.5)], True),
        ([told(3, "cảm ơn", src=1), told(0.4, "Dạ,\u00a0tôi  nghe ")], True),
        ([told(0.4, "Da\u0323, tôi nghe")], True),
        # The citizen says the same.
        ([told(0.4, src=1)], False),
        ([told(-600), told(-700, src=1)], False),
        # The one before it, or somebody else of the account.
        ([told(0.4, "Chị Lan đây")], False),
        ([told(0.4, "Dạ, tôi hiểu rồi")], False),
        # A shape that is not known, or the same words cut short or gone on with.
        ([told(0.4, None, type="template")], None),
        ([told(0.4, "Chị Lan đây", type="list")], None),
        ([told(0.4, "Dạ, tôi…")], None),
        ([told(0.4, "Dạ, tôi nghe. Gửi từ OA")], None),
        # The clocks differ, or it was said before.
        ([told(-30)], None),
        ([told(-30, "khác")], False),
        # It may be further back.
        ([told(9, "a", src=1)] * LATEST, None),
        ([told(9, "a", src=1)] * (LATEST - 1) + [told(-600, "a", src=1)], False),
    ],
)
def test_what_can_be_said_for_certain_is_said(messages: list[dict[str, Any]], expected: bool | None) -> None:
    assert arrived(messages, "Dạ, tôi nghe", SINCE) is expected


def test_a_file_is_known_by_its_time_only() -> None:
    assert arrived([told(0.4, "", type="photo")], "", SINCE) is None
    assert arrived([told(-30, "", type="photo")], "", SINCE) is False


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["src", "time", "message", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_nothing_that_zalo_could_answer_breaks_the_reading(answer: Any) -> None:
    assert arrived(answer, "x", SINCE) in {True, False, None}
    assert arrived([answer], "x", SINCE) in {True, False, None}
