"""Where the citizen is: by name, by button, by a shared location."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from actions import places
from actions.turn import Services, parse_payload
from tests.unit.actions.conftest import Say

MY_HOA_HUNG = "30313"


@pytest.mark.parametrize("text", ["xã Mỹ Hòa Hưng", "my hoa hung", "dạ em ở Mỹ Hoà Hưng nha", "MỸ HÒA HƯNG"])
async def test_a_commune_is_kept(services: Services, say: Say, remembered: dict[int, str | None], text: str) -> None:
    turn = replace(say(text, "give_place"), metadata={"citizen": 5})
    reply, understood = await places.set_place(turn, services)
    assert understood
    assert reply.slots == {"place": MY_HOA_HUNG, "pending": None, "options": None}
    assert "xã Mỹ Hòa Hưng" in reply.messages[-1].text
    assert remembered == {5: MY_HOA_HUNG}


async def test_a_citizen_without_a_number_is_not_remembered(
    services: Services, say: Say, remembered: dict[int, str | None]
) -> None:
    strange: list[object] = [None, "", "x", "²", [], True]
    for citizen in strange:
        turn = replace(say("Mỹ Hòa Hưng", "give_place"), metadata={"citizen": citizen})
        reply, _ = await places.set_place(turn, services)
        assert reply.slots["place"] == MY_HOA_HUNG
    assert remembered == {}


async def test_an_old_name_says_what_became_of_it(services: Services, say: Say) -> None:
    reply, _ = await places.set_place(say("xã Bình Thạnh", "give_place"), services)
    assert "cũ" in reply.messages[0].text
    assert "Bình Hòa" in reply.messages[-1].text


async def test_two_old_communes_of_one_name_are_one_place_now(services: Services, say: Say) -> None:
    reply, understood = await places.set_place(say("phu thanh", "give_place"), services)
    assert understood
    assert "Phú Thạnh" in reply.messages[0].text
    assert "Phú Thành" in reply.messages[0].text
    assert "Chợ Vàm" in reply.messages[-1].text


async def test_before_the_merger_they_are_asked_about(services: Services, say: Say) -> None:
    then = replace(services, today=lambda: date(2024, 1, 1))
    reply, understood = await places.set_place(say("phu thanh", "give_place"), then)
    assert understood
    assert "Phú Thạnh" in reply.messages[0].text
    assert "Phú Thành" in reply.messages[0].text
    assert "hay" in reply.messages[0].text
    assert len(reply.slots["options"]) == 2


@pytest.mark.parametrize(
    ("text", "said", "count"),
    [
        ("xã Vĩnh Châu, Châu Đốc", "Ấp của anh/chị", 2),
        ("huyện Châu Phú", "nay chia thành", 5),
        ("An Phú", "nay chia thành", 6),
    ],
)
async def test_what_was_split_is_asked_about_with_numbers(
    services: Services, say: Say, text: str, said: str, count: int
) -> None:
    reply, understood = await places.set_place(say(text, "give_place"), services)
    assert understood
    assert said in reply.messages[0].text
    assert f"\n{count}. " in reply.messages[0].text
    assert len(reply.slots["options"]) == count
    assert "place" not in reply.slots
    for option in reply.slots["options"]:
        intent, entities = parse_payload(option["payload"])
        assert intent == "give_place"
        chosen, _ = await places.set_place(say(option["payload"], "give_place", **entities), services)
        assert chosen.slots["place"] == entities["place"]


async def test_a_misspelt_name_is_asked_about_and_not_taken(services: Services, say: Say) -> None:
    reply, understood = await places.set_place(say("my hoa hug", "give_place"), services)
    assert understood
    assert "place" not in reply.slots
    assert [option["title"] for option in reply.slots["options"]] == ["Xã Mỹ Hòa Hưng"]


async def test_another_province_is_said_to_be_one(services: Services, say: Say) -> None:
    reply, understood = await places.set_place(say("Hà Nội", "give_place"), services)
    assert understood
    assert "không thuộc tỉnh An Giang" in reply.messages[0].text
    assert "place" not in reply.slots


@pytest.mark.parametrize("text", ["", "?", "🙂", "asdf", "\x00", "x" * 5_000, "bao nhiêu tiền", "0912345678"])
async def test_what_is_no_place_is_asked_for_again(services: Services, say: Say, text: str) -> None:
    reply, understood = await places.set_place(say(text, "give_place"), services)
    assert not understood
    assert reply.slots == {"pending": "place"}
    assert places.ASK_PLACE in reply.messages[0].text


async def test_a_shared_location_is_the_nearest_commune(services: Services, say: Say) -> None:
    reply, understood = await places.set_place(say("/give_place{}", "give_place", lat=10.43, lon=105.43), services)
    assert understood
    assert isinstance(reply.slots["place"], str)
    as_text, _ = await places.set_place(say("/give_place{}", "give_place", lat="10.43", lon="105.43"), services)
    assert as_text.slots["place"] == reply.slots["place"]


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(21.03, 105.85), (0, 0), (90, 180), (1e308, 1), (float("nan"), 105.4), ("inf", "-inf"), (-10.4, 105.4)],
)
async def test_a_location_outside_the_province_is_said_to_be_outside(
    services: Services, say: Say, lat: object, lon: object
) -> None:
    reply, understood = await places.set_place(say("/give_place{}", "give_place", lat=lat, lon=lon), services)
    assert understood
    assert "ngoài tỉnh An Giang" in reply.messages[0].text
    assert "place" not in reply.slots


@pytest.mark.parametrize(
    "entities",
    [
        {},
        {"lat": 10.4},
        {"lat": None, "lon": None},
        {"lat": "x", "lon": "y"},
        {"lat": [1], "lon": {}},
        {"place": 5},
        {"place": None},
        {"place": ""},
        {"place": "no such code"},
    ],
)
async def test_no_payload_breaks_it(services: Services, say: Say, entities: dict[str, Any]) -> None:
    reply, understood = await places.set_place(say("/give_place{}", "give_place", **entities), services)
    assert not understood
    assert places.ASK_PLACE in reply.messages[0].text
    assert "place" not in reply.slots


async def test_a_place_that_is_known_already_is_not_written_again(
    services: Services, say: Say, remembered: dict[int, str | None]
) -> None:
    turn = replace(say("Mỹ Hòa Hưng", "give_place"), metadata={"citizen": 5, "place": MY_HOA_HUNG})
    await places.set_place(turn, services)
    assert remembered == {}
