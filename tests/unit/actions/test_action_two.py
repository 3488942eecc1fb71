"""Two questions in one message, parts of codes, life events, places outside: one version answers all of a turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions import procedures
from actions.turn import Reply, Services
from knowledge.catalogue import Snapshot
from knowledge.text import fold
from tests.unit.actions.conftest import Say

BIRTH, RESIDENCE, MARRIAGE, CARD = "1.001193", "1.004222", "1.000894", "1.014064"


def _text(reply: Reply) -> str:
    return "\n".join(message.text for message in reply.messages)


@pytest.mark.parametrize("form", [str, fold])
async def test_two_questions_are_answered_in_their_order(services: Services, say: Say, form: type[str]) -> None:
    reply = await procedures.answer(say(form("làm khai sinh ở đâu và nhập hộ khẩu cần giấy gì")), services)
    first, second = (message.text for message in reply.messages)
    assert f"mã {BIRTH}" in first
    assert "Giấy tờ cần có" not in first
    assert f"mã {RESIDENCE}" in second
    assert "Giấy tờ cần có" in second
    assert _text(reply).count("Anh/chị đang ở xã, phường nào") == 1
    assert reply.slots["pending"] == "place"


async def test_never_more_than_two_are_answered(services: Services, say: Say) -> None:
    asked = "làm lại căn cước bao nhiêu tiền? đăng ký kết hôn ở đâu? làm khai sinh cần giấy gì? tách hộ mất bao lâu"
    reply = await procedures.answer(say(asked), services)
    assert _text(reply).count("Nguồn: mã") == 2
    assert procedures.MORE in reply.messages[-1].text
    assert reply.messages[-1].buttons


@pytest.mark.parametrize(
    "text",
    [
        "đăng ký kết hôn cần giấy tờ gì và nộp ở đâu",
        "đăng ký kết hôn với người nước ngoài cần giấy gì",
        "khai sinh kết hợp nhận cha con cần giấy gì, nộp ở đâu",
        "làm khai sinh ở đâu, làm khai sinh cần giấy gì",
    ],
)
async def test_one_question_stays_one(services: Services, say: Say, text: str) -> None:
    reply = await procedures.answer(say(text), services)
    assert _text(reply).count("Nguồn: mã") == 1


async def test_a_place_is_for_both(services: Services, say: Say) -> None:
    asked = "em ở xã Óc Eo, làm khai sinh ở đâu và đăng ký kết hôn cần giấy gì"
    reply = await procedures.answer(say(asked), services)
    assert all("xã Óc Eo" in message.text for message in reply.messages)


async def test_two_codes_are_both_answered(services: Services, say: Say) -> None:
    reply = await procedures.answer(say(f"{MARRIAGE} với {CARD} và {BIRTH} bao nhiêu tiền"), services)
    assert [code in _text(reply) for code in (MARRIAGE, CARD, BIRTH)] == [True, True, False]


@pytest.mark.parametrize("text", ["mã 001193 cần giấy gì", "thủ tục 1001193", "1.00119", "thủ tục 1,001193", "001193"])
async def test_a_part_of_a_code_finds_its_procedure(services: Services, say: Say, text: str) -> None:
    reply = await procedures.answer(say(text), services)
    assert reply.slots["procedure"] == BIRTH


@pytest.mark.parametrize("text", ["mã 999999", "thủ tục 9.9999"])
async def test_a_part_of_no_code_is_said(services: Services, say: Say, text: str) -> None:
    assert "không có thủ tục mang mã" in _text(await procedures.answer(say(text), services))


async def test_a_part_of_many_codes_wants_more_digits(services: Services, say: Say) -> None:
    assert "ghi đủ mã" in _text(await procedures.answer(say("thủ tục 1.001"), services))


@pytest.mark.parametrize("text", ["sang tên đất 1.500 m2 bao nhiêu tiền", "vay 1.500.000 đồng", "đất 1.2345 đồng"])
async def test_an_amount_is_no_code(services: Services, say: Say, text: str) -> None:
    assert "mang mã" not in _text(await procedures.answer(say(text), services))


async def test_a_life_event_lists_what_the_version_holds_and_forgets_the_last_procedure(
    services: Services, say: Say
) -> None:
    snapshot = await services.catalogue.snapshot()
    turn = replace(say("ba tôi mới mất", slots={"procedure": BIRTH}), metadata={"message_id": "1"})
    reply = await procedures.answer(turn, services)
    assert reply.slots["procedure"] is None
    assert reply.slots["alternatives"][0] == "1.000656"
    assert set(reply.slots["alternatives"]) <= set(snapshot.procedures)
    # The small catalogue holds no social insurance.
    assert "1.014177" not in _text(reply)
    assert len(reply.slots["options"]) == len(reply.slots["alternatives"]) >= 2


@pytest.mark.parametrize("text", ["đăng ký kết hôn ở Hà Nội", "dang ky ket hon o ha noi", "đăng ký kết hôn tại TP HCM"])
async def test_another_province_is_said_before_the_answer(services: Services, say: Say, text: str) -> None:
    reply = await procedures.answer(say(text), services)
    assert "không thuộc tỉnh An Giang" in reply.messages[0].text
    assert reply.slots["procedure"] == MARRIAGE
    assert reply.slots["pending"] is None
    assert "place" not in reply.slots


async def test_a_misspelt_commune_in_a_question_is_asked_about(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("làm khai sinh ở xã Mỹ Hòa Hưn cần giấy gì"), services)
    assert reply.slots["procedure"] == BIRTH
    assert "place" not in reply.slots
    assert "Có phải anh/chị ở" in reply.messages[-1].text
    assert [option["title"] for option in reply.slots["options"]] == ["Xã Mỹ Hòa Hưng"]


async def test_one_version_answers_all_of_a_turn(services: Services, say: Say) -> None:
    live = await services.catalogue.snapshot()
    asked = []

    class _Changing:
        async def snapshot(self) -> Snapshot:
            asked.append(1)
            return replace(live, version=f"2026010{len(asked)}-000000-x")

    turn_services = replace(services, catalogue=_Changing())
    for text in ("tôi ở xã Óc Eo, làm khai tử ở đâu", "làm khai sinh ở đâu và nhập hộ khẩu cần giấy gì", "Óc Eo"):
        asked.clear()
        await procedures.give_place(say(text, "give_place"), turn_services)
        assert len(asked) == 1
