"""The console's pages of cases, used without script: queues, a case from first look to end, who may see what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from desk import audit
from desk.cases import Draft
from desk.console.case_actions import ACTIONS
from desk.kinds import Kind, State
from tests.support.console import Answer
from tests.support.console_cases import (
    ADMIN,
    COLLEAGUE,
    EDITOR,
    NEWCOMER,
    OFFICER,
    SUPERVISOR,
    Desk,
    Worker,
    busy_day,
    desk,
)


@pytest.fixture(scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def codes(made: Desk) -> dict[str, str]:
    """The cases of a day; what changes a case has one of its own."""
    return await busy_day(made)


def shown(text: str) -> list[str]:
    """The codes of the cases in a list, in order."""
    return re.findall(r'<td class="what"><a href="/cases/(MC-\w+)">', text)


async def test_an_officer_comes_home_to_their_own_cases_the_most_urgent_first(
    made: Desk, codes: dict[str, str]
) -> None:
    async with made.at_work(OFFICER) as lan:
        page = await lan.see("/")
        assert page.path == "/cases"
        assert shown(page.text) == [codes["late"], codes["rude"], codes["complaint"]]
        assert re.search(r'class="due late">Quá \d+ ngày<', page.text)
        assert "đã báo phụ trách" not in page.text
        overdue = await lan.see("/cases?queue=overdue")
        assert shown(overdue.text) == [codes["late"]]
        assert codes["late"] not in (await lan.see("/cases?queue=unassigned")).text


async def test_a_list_is_searched_without_diacritics_and_narrowed(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(SUPERVISOR) as minh:
        found = shown((await minh.see("/cases?q=giay+khai+sinh")).text)
        assert {codes["late"], codes["again"]} <= set(found)
        assert codes["counter"] not in found
        complaints = await minh.see("/cases?queue=open&kind=complaint")
        assert shown(complaints.text) == [codes["complaint"]]
        straight = await minh.see(f"/cases?q={codes['data'].lower()}")
        assert straight.path == f"/cases/{codes['data']}"
        nothing = await minh.see("/cases?q=khongcogi")
        assert "Không tìm thấy phiếu nào" in nothing.text


async def test_whatever_stands_in_the_address_gives_a_page(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(SUPERVISOR) as minh:
        for query in (
            "queue=nonsense", "after=%00x", "after=e30", "kind=denunciation&queue=open", "kind=x", "unit=-1",
            "since=32/13/2026", "place=%3Cscript%3E%00", "q=%25%25%25%00", "q=" + "a" * 3000,
            "assignee=99999999999999999999",
        ):  # fmt: skip
            page = await minh.see(f"/cases?{query}")
            assert page.status == 200, query
            assert "Phiếu của người dân" in page.text or "Kết quả tìm" in page.text
            assert "<script>" not in page.text


async def test_a_filter_is_kept_under_a_name_by_who_made_it(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(COLLEAGUE) as tam, made.at_work(SUPERVISOR) as minh:
        fields = {"queue": "open", "kind": "complaint", "name": "Khiếu nại <b>đang mở</b>"}
        saved = await tam.browser.post("/cases/filters", fields, page="/cases/new")
        assert "Đã lưu bộ lọc" in saved.text
        assert "Khiếu nại &lt;b&gt;đang mở" in saved.text
        found = re.search(r'<a href="(/cases\?[^"]+)">Khiếu nại', saved.text)
        assert found is not None
        assert shown((await tam.see(found.group(1).replace("&amp;", "&"))).text) == [codes["complaint"]]
        assert "đang mở&lt;/b" not in (await minh.see("/cases")).text
        for wrong in ({**fields, "name": " "}, {"queue": "open", "name": "Trống"}):
            assert (await tam.browser.post("/cases/filters", wrong, page="/cases/new")).status == 400
        number = re.search(r"/cases/filters/(\d+)/remove", saved.text)
        assert number is not None
        # Another person's filter stays.
        await minh.browser.post(f"/cases/filters/{number.group(1)}/remove", page="/cases/new")
        assert "Khiếu nại &lt;b&gt;" in (await tam.see("/cases")).text
        gone = await tam.browser.post(f"/cases/filters/{number.group(1)}/remove", page="/cases/new")
        assert "Khiếu nại &lt;b&gt;" not in gone.text


async def test_a_case_goes_from_hand_to_hand_to_its_end(made: Desk) -> None:
    code = await made.open("Cấp đổi giấy phép kinh doanh chậm", channel="web")
    async with made.at_work(OFFICER) as lan:
        assert "Anh/chị đã nhận phiếu này" in (await lan.do(code, "take")).text
        accepted = await lan.do(code, "accept", text="Chúng tôi xem trong hôm nay.")
        assert "Đã tiếp nhận và báo cho người dân" in accepted.text
        await lan.do(code, "begin")
        asked = await lan.do(code, "say", mode="ask", text="Anh/chị nộp hồ sơ ngày nào?")
        assert "phiếu chờ họ trả lời" in asked.text
        assert (await made.case(code)).state is State.needs_information
        await lan.do(code, "heard", text="Người dân gọi lại: nộp ngày 3/11.")
        assert (await made.case(code)).state is State.in_progress
        await lan.do(code, "say", mode="note", text="Đã gọi phòng kinh tế.")
        # The next person: given away, given back.
        assert "Đã giao phiếu" in (await lan.do(code, "assign", to=COLLEAGUE)).text
    async with made.at_work(COLLEAGUE) as tam:
        page = await tam.see(f"/cases/{code}")
        assert "Đã gọi phòng kinh tế" in page.text
        answered = await tam.do(code, "say", mode="answer", text="Giấy phép đã ký, mời anh/chị đến nhận từ sáng mai.")
        assert "phiếu hoàn thành" in answered.text
        case = await made.case(code)
        assert case.state is State.answered
        assert case.on_time
        assert "đã gửi" in answered.text
        # To a finished case only a note is written.
        assert 'value="answer"' not in answered.text
        assert 'value="note"' in answered.text
        assert "Đã đóng phiếu" in (await tam.do(code, "close")).text
        assert "đồng hồ mới" in (await tam.do(code, "reopen", reason="Người dân báo chưa nhận được")).text
    actions = [entry.action for entry in await audit.of(made.console.parts.db, f"case:{case.id}")]
    assert actions == ["received", "taken", "accepted", "begun", "asked", "added", "noted", "assigned", "answered",
                       "closed", "reopened"]  # fmt: skip
    texts = " ".join(str(entry.data) for entry in await audit.of(made.console.parts.db, f"case:{case.id}"))
    assert "phòng kinh tế" not in texts
    assert "nộp ngày 3/11" not in texts


async def test_what_was_written_is_kept_when_a_colleague_was_faster(made: Desk) -> None:
    code = await made.open("Xin giấy xác nhận cư trú bị từ chối", channel="web")
    async with made.at_work(OFFICER) as lan, made.at_work(COLLEAGUE) as tam:
        await lan.see(f"/cases/{code}")
        await tam.do(code, "take")
        late = await lan.browser.post(
            f"/cases/{code}/say",
            {"mode": "answer", "text": "Câu trả lời tôi viết mười phút", "version": "1"},
            page=f"/cases/{code}",
        )
        assert late.status == 409
        assert "Câu trả lời tôi viết mười phút</textarea>" in late.text
        assert re.search(r'value="answer"[^>]* checked', late.text)
        assert "vẫn còn bên dưới" in late.text
        # A form of the row of buttons opens again with what stood in it.
        empty = await lan.do(code, "refuse", reason="   ")
        assert empty.status == 400
        assert (await made.case(code)).state is State.received


async def test_words_of_a_new_colleague_go_out_after_approval(made: Desk) -> None:
    code = await made.open("Hỏi lệ phí trích lục", "Lệ phí trích lục khai sinh là bao nhiêu?", channel="web")
    again = await made.open("Hỏi giờ làm việc", "Chiều thứ sáu có làm việc không?", channel="web")
    async with made.at_work(NEWCOMER) as moi, made.at_work(SUPERVISOR) as minh:
        waiting = await moi.do(code, "say", mode="answer", text="Lệ phí là 8 nghìn đồng một bản.")
        assert "duyệt xong mới gửi" in waiting.text
        assert (await made.case(code)).state is State.received
        assert shown((await minh.see("/cases?queue=approval")).text).count(code) == 1
        seen = await minh.see(f"/cases/{code}")
        number = re.search(r'name="message" value="(\d+)"', seen.text)
        assert number is not None
        assert (await moi.do(code, "approve", message=number.group(1))).status == 403
        changed = await minh.do(
            code, "approve", message=number.group(1), text="Lệ phí là 8.000 đồng một bản, mang theo căn cước."
        )
        assert "Đã duyệt và gửi" in changed.text
        assert "mang theo căn cước" in changed.text
        assert (await made.case(code)).state is State.answered
        await moi.do(again, "say", mode="answer", text="Có, đến 17 giờ.")
        number = re.search(r'name="message" value="(\d+)"', (await minh.see(f"/cases/{again}")).text)
        assert number is not None
        await minh.do(again, "send-back", message=number.group(1), reason="Ghi cả giờ buổi sáng.")
        mine = await moi.see(f"/cases/{again}")
        assert "Ghi cả giờ buổi sáng" in mine.text
        assert f"again={number.group(1)}" in mine.text
        anew = await moi.see(f"/cases/{again}?again={number.group(1)}")
        assert "Có, đến 17 giờ.</textarea>" in anew.text
        assert (await made.case(again)).state is State.received


async def test_colleagues_see_each_other_in_the_same_case_and_what_changed(made: Desk) -> None:
    code = await made.open("Trùng thửa đất khi đo đạc")
    async with made.at_work(OFFICER) as lan, made.at_work(COLLEAGUE) as tam:
        assert "cũng đang mở phiếu này" not in (await lan.see(f"/cases/{code}")).text
        assert f"{OFFICER} cũng đang mở phiếu này" in (await tam.see(f"/cases/{code}")).text
        told = await lan.browser.post(f"/cases/{code}/presence.json", page=f"/cases/{code}")
        assert told.text == f'{{"others": ["{COLLEAGUE}"], "version": 1}}'
        await tam.do(code, "take")
        gone = await tam.browser.post(f"/cases/{code}/presence.json", {"gone": "1"}, page="/cases/new")
        assert gone.status == 200
        told = await lan.browser.post(f"/cases/{code}/presence.json", page="/cases/new")
        assert told.text == '{"others": [], "version": 2}'


async def test_the_last_step_is_taken_back(made: Desk) -> None:
    code = await made.open("Mất biên nhận hồ sơ")
    async with made.at_work(OFFICER) as lan:
        page = await lan.do(code, "take")
        assert "Bước vừa rồi của anh/chị: nhận việc" in page.text
        assert "Đã hoàn tác" in (await lan.do(code, "undo")).text
        assert (await made.case(code)).assigned_to is None
        assert (await lan.do(code, "undo")).status == 409


async def test_staff_are_told_when_a_reply_can_not_go_out_free(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(OFFICER) as lan:
        paid = await lan.see(f"/cases/{codes['rude']}")
        assert "quá 48 giờ nên Zalo OA thu phí" in paid.text
        closed = await made.open("Zalo lâu rồi", channel="zalo_oa", silent=timedelta(days=9))
        assert "Zalo OA không cho gửi nữa" in (await lan.see(f"/cases/{closed}")).text
        kept = await lan.do(closed, "say", mode="answer", text="Mời anh/chị xem trả lời trên trang.")
        assert "trên trang tra cứu" in kept.text
        assert "Nằm trên trang tra cứu phiếu" in (await lan.see(f"/cases/{codes['counter']}")).text


async def test_one_answer_serves_many_and_a_duplicate_is_merged(made: Desk) -> None:
    words = "Nước máy khu dân cư Bình Khánh đục vàng suốt tuần, nấu ăn không được, trẻ con bị ngứa."
    lead, second, twice = [await made.open(f"Nước máy đục vàng {n}", words, channel="web") for n in ("A", "B", "C")]
    async with made.at_work(OFFICER) as lan:
        page = await lan.see(f"/cases/{second}")
        assert f'href="/cases/{lead}"' in page.text.split('id="similar"')[1]
        assert "Đã nối phiếu" in (await lan.do(second, "link", leader=lead)).text
        assert "Đã gộp phiếu" in (await lan.do(twice, "merge", into=lead)).text
        assert f'gộp vào <a href="/cases/{lead}">' in (await lan.see(f"/cases/{twice}")).text
        leading = await lan.see(f"/cases/{lead}")
        assert "sẽ gửi cho cả 1 phiếu" in leading.text
        await lan.do(lead, "say", mode="answer", text="Đường ống đã được súc rửa sáng nay.")
        for code in (lead, second):
            assert (await made.case(code)).state is State.answered
            assert "súc rửa sáng nay" in (await lan.see(f"/cases/{code}")).text
        assert "súc rửa sáng nay" in (await lan.see(f"/cases/{twice}")).text
        assert (await lan.do(lead, "merge", into="MC-AAAAAA")).status == 404


async def test_facts_are_set_right_and_nothing_written_is_lost(made: Desk) -> None:
    code = await made.open("Hồ sơ xây dựng bị trả về", "Hồ sơ xin phép xây dựng bị trả về ba lần.")
    place = made.console.parts.gazetteer.communes()[3]
    right = {"kind": "complaint", "procedure_code": "", "place_code": place.code, "office": "Phòng kinh tế",
             "complexity": "normal", "remote_area": "yes"}  # fmt: skip
    async with made.at_work(OFFICER) as lan:
        assert "Đã lưu thông tin" in (await lan.do(code, "facts", right)).text
        case = await made.case(code)
        assert (case.kind, case.place_code, case.office, case.remote_area) == (
            Kind.complaint,
            place.code,
            "Phòng kinh tế",
            True,
        )
        page = await lan.do(code, "legal-clock", day="2026-11-16")
        assert "thời hạn theo luật bắt đầu chạy" in page.text
        assert (await made.case(code)).legal_from is not None
        lacking = await lan.do(code, "facts", {**right, "complexity": "complex", "office": "Phòng kinh tế, đô thị"})
        assert lacking.status == 400
        assert 'value="Phòng kinh tế, đô thị"' in lacking.text
        for wrong in ({"kind": "denunciation"}, {"complexity": "x"}, {"place_code": "99999"}, {"kind": ""}):
            assert (await lan.do(code, "facts", {**right, **wrong})).status in {400, 409}
        assert (await lan.do(code, "contact", contact="0912 345 678")).text.count("0912 345 678") >= 1
        stored = await made.case(code)
        assert stored.contact is not None
        assert "0912" not in stored.contact


async def test_the_desk_takes_a_case_in_and_tells_code_and_pin_once(made: Desk) -> None:
    async with made.at_work(OFFICER) as lan:
        form = {"kind": "feedback", "subject": "Vỉa hè bị chiếm", "text": "Quán nhậu chiếm hết vỉa hè.",
                "contact": "0987654321", "key": "one-key"}  # fmt: skip
        refused = await lan.browser.post("/cases/new", form, page="/cases/new")
        assert refused.status == 400
        assert "Quán nhậu chiếm hết vỉa hè.</textarea>" in refused.text
        done = await lan.browser.post("/cases/new", {**form, "agreed": "yes", "in_person": "yes"}, page="/cases/new")
        found = re.search(r"Đã lập phiếu (MC-\w{6})\. PIN: (\d{6})", done.text)
        assert found is not None
        assert "0987654321" in done.text
        again = await lan.browser.post("/cases/new", {**form, "agreed": "yes"}, page="/cases/new")
        assert found.group(1) in again.text
        assert found.group(2) not in (await lan.see(f"/cases/{found.group(1)}")).text
        case = await made.console.parts.cases.follow(found.group(1), pin=found.group(2), citizen_id=None)
        assert case.via == "desk"
        for wrong in ({"kind": "denunciation"}, {"kind": "x"}, {"text": ""}, {"subject": "y" * 300}, {"key": ""},
                      {"text": "x" * 6000}, {"place_code": "nowhere"}):  # fmt: skip
            assert (
                await lan.browser.post("/cases/new", {**form, "agreed": "yes", **wrong}, page="/cases/new")
            ).status == 400


async def test_standard_answers_are_kept_filled_and_taken_out_of_use(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(SUPERVISOR) as minh, made.at_work(OFFICER) as lan:
        fields = {"title": "Mời đến quầy", "text": "Mời {ten} đến {don_vi} vì phiếu {ma_phieu}, thủ tục {thu_tuc}.",
                  "kind": "", "unit": ""}  # fmt: skip
        wrong = await minh.browser.post("/canned", {**fields, "text": "Chào {nguoi_la}"}, page="/canned")
        assert wrong.status == 400
        assert "Chào {nguoi_la}</textarea>" in wrong.text
        assert "Mời đến quầy" in (await minh.browser.post("/canned", fields, page="/canned")).text
        page = await lan.see(f"/cases/{codes['counter']}")
        found = re.search(r'canned=(\d+)#write" data-insert="([^"]+)"><b>Mời đến quầy', page.text)
        assert found is not None
        # What the case does not know is a gap to be filled.
        assert codes["counter"] in found.group(2)
        assert "____" in found.group(2)
        filled = await lan.see(f"/cases/{codes['counter']}?canned={found.group(1)}")
        assert f"vì phiếu {codes['counter']}, thủ tục ____.</textarea>" in filled.text
        number = found.group(1)
        assert (await lan.browser.post(f"/canned/{number}/end", page="/cases/new")).status == 403
        for bad in ({"title": ""}, {"text": ""}, {"kind": "denunciation"}, {"text": "x" * 13_000}, {"unit": "999"}):
            assert (await minh.browser.post(f"/canned/{number}", {**fields, **bad}, page="/canned")).status == 400
        edited = await minh.browser.post(f"/canned/{number}", {**fields, "title": "Mời tới quầy"}, page="/canned")
        assert "Mời tới quầy" in edited.text
        await minh.browser.post(f"/canned/{number}/end", page="/canned")
        assert "Mời tới quầy" not in (await lan.see(f"/cases/{codes['counter']}")).text
        assert (await minh.see(f"/canned?edit={number}")).status == 404


async def test_nobody_outside_the_vault_learns_of_a_denunciation(made: Desk) -> None:
    draft = Draft(kind=Kind.denunciation, subject="Cán bộ nhận tiền", text="Ông Tèo nhận tiền của dân làm hồ sơ")
    hidden, _ = await made.console.parts.cases.open(draft, key="hidden")
    missing = "MC-ZZZZZZ"
    forms = (*ACTIONS, "say", "facts", "contact", "approve", "send-back", "presence.json")
    for name in (OFFICER, SUPERVISOR):
        async with made.at_work(name) as worker:
            token = await worker.browser.token("/cases/new")

            async def sent(form: str, code: str, worker: Worker = worker, token: str = token) -> Answer:
                fields = {"mode": "note", "text": "a", "reason": "a", "contact": "a", "kind": "feedback", "into": code,
                          "complexity": "normal", "day": "2026-11-16", "message": "1"}  # fmt: skip
                return await worker.send(f"/cases/{code}/{form}", fields, token=token)

            pairs = [
                (await worker.see(f"/cases/{hidden.code}{path}"), await worker.see(f"/cases/{missing}{path}"))
                for path in ("", "/print")
            ] + [(await sent(form, hidden.code), await sent(form, missing)) for form in forms]
            for there, not_there in pairs:
                assert there.status == not_there.status
                assert there.status in {403, 404}
                assert there.text.replace(hidden.code, missing) == not_there.text
            search = await worker.see(f"/cases?q={hidden.code}")
            assert shown(search.text) == []
            assert shown((await worker.see("/cases?q=nhan+tien")).text) == []


async def test_only_the_desk_sees_cases(made: Desk, codes: dict[str, str]) -> None:
    for name in (ADMIN, EDITOR):
        async with made.at_work(name) as worker:
            for path in ("/cases", "/cases/new", f"/cases/{codes['late']}", f"/cases/{codes['late']}/print"):
                answer = await worker.see(path)
                assert answer.status == 403
                assert "khai sinh" not in answer.text
            assert (await worker.see("/")).path == "/versions"


async def test_no_form_takes_garbage_for_something(made: Desk) -> None:
    code = await made.open("<script>alert(1)</script>", "<img src=x onerror=alert(2)> **đậm** {{ 7 * 7 }}")
    before = await made.case(code)
    async with made.at_work(SUPERVISOR) as minh:
        page = await minh.see(f"/cases/{code}")
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "{{ 7 * 7 }}" in page.text
        token = await minh.browser.token("/cases/new")
        huge = "x" * 20_000
        for name in ("say", "facts", "contact", "approve", "send-back", "accept", "reopen", "pause", "move", "transfer",
                     "refuse", "legal-clock", "merge", "link", "heard", "unlink"):  # fmt: skip
            for fields in (
                {"text": huge, "reason": huge, "mode": huge, "unit": huge, "body": huge, "into": huge, "leader": huge,
                 "day": huge, "message": huge, "contact": huge, "kind": huge},
                {"text": " ", "reason": " \x00", "mode": "x", "unit": "x", "body": "x", "into": code, "leader": code,
                 "day": "2026-13-45", "message": "-1", "version": "1; drop table cases"},
            ):  # fmt: skip
                if name == "accept" and fields["text"] == " ":
                    continue
                got = await minh.send(f"/cases/{code}/{name}", fields, token=token)
                assert 400 <= got.status < 500, (name, got.status)
                assert 'role="alert"' in got.text, name
        assert (await minh.see("/cases/MC-%00")).status == 404
        assert (await minh.see("/cases/" + "A" * 500)).status == 404
    assert (await made.case(code)) == before


async def test_a_case_is_printed_with_all_that_was_said(made: Desk, codes: dict[str, str]) -> None:
    async with made.at_work(OFFICER) as lan:
        paper = await lan.see(f"/cases/{codes['late']}/print")
        for words in ("giấy hẹn ghi 5 ngày", "hẹn chiều mai có", "chụp thêm giấy hẹn", "Nhật ký", "nhận giải quyết"):
            assert words in paper.text, words


async def test_a_citizens_pin_is_not_shown_to_staff(made: Desk) -> None:
    code = await made.open("Hỏi đường", "Đi đường nào tới trung tâm?", channel="web")
    case = await made.case(code)
    assert case.conversation_id is not None
    db, post = made.console.parts.db, made.console.parts.cases.book.post
    assert post is not None
    async with db.begin() as connection:
        await post.write(connection, case.conversation_id, f"Mã phiếu: **{code}** · PIN: **246810**")
    async with made.at_work(OFFICER) as lan:
        page = await lan.see(f"/cases/{code}")
        assert "PIN: ••••••" in page.text
        assert "246810" not in page.text
