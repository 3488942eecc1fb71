"""What a webhook refuses before it is read, and how often it says so."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from bot.channels.webhooks import Forgeries, _json
from bot.http import Refused


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[0,{"b":', "}]")])
def test_what_is_deeper_than_it_could_be_written_down_again_is_refused(opening: str, closing: str) -> None:
    for depth in (101, 300, 900, 990, 5000):
        with pytest.raises(Refused) as refused:
            _json(f"{opening * depth}1{closing * depth}".encode())
        assert refused.value.status == 400
    shallow = f"{opening * 40}1{closing * 40}"
    assert _json(shallow.encode()) == json.loads(shallow)


def test_forged_requests_are_said_once_a_minute_with_how_many_there_were() -> None:
    moment = [1000.0]
    forgeries = Forgeries("telegram", clock=lambda: moment[0])
    with capture_logs() as lines:
        for _ in range(500):
            forgeries.note("the secret is missing or wrong")
            moment[0] += 0.1
        assert [line["count"] for line in lines] == [1]
        moment[0] += 60
        forgeries.note("the secret is missing or wrong")
    assert [line["count"] for line in lines] == [1, 500]
    assert {line["channel"] for line in lines} == {"telegram"}
