"""Groups, files, keyboards and commands of the fake Bot API, proven by a client that is not ours."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from tests.fakes.telegram import FakeTelegram

GROUP = -50


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    yield bot
    await bot.session.close()


async def _news(client: Bot) -> Message:
    """The newest message."""
    message = (await client.get_updates())[-1].message
    assert message is not None
    return message


def _board(title: str = "Có", url: str | None = None) -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(text=title, url=url, callback_data=None if url else "a")
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


async def test_an_independent_client_sets_and_reads_commands_by_language_and_scope(
    telegram: FakeTelegram, client: Bot
) -> None:
    commands = [BotCommand(command="tra_cuu", description="Tra cứu hồ sơ")]
    await client.set_my_commands(commands)
    await client.set_my_commands(commands * 2, language_code="vi", scope=BotCommandScopeAllPrivateChats())
    assert [each.command for each in await client.get_my_commands()] == ["tra_cuu"]
    private = await client.get_my_commands(scope=BotCommandScopeAllPrivateChats(), language_code="vi")
    assert len(private) == 2
    await client.delete_my_commands()
    assert await client.get_my_commands() == []


@pytest.mark.parametrize(
    ("names", "description", "language", "reason"),
    [
        (["TraCuu"], "a", None, "BOT_COMMAND_INVALID"),
        (["tra-cuu"], "a", None, "BOT_COMMAND_INVALID"),
        (["tra_cứu"], "a", None, "BOT_COMMAND_INVALID"),
        (["a" * 33], "a", None, "BOT_COMMAND_INVALID"),
        (["a"], "", None, "BOT_COMMAND_DESCRIPTION_INVALID"),
        (["a"], "a" * 257, None, "BOT_COMMAND_DESCRIPTION_INVALID"),
        (["a"] * 101, "a", None, "BOT_COMMANDS_TOO_MUCH"),
        (["a"], "a", "vietnamese", "invalid language code"),
    ],
)
async def test_commands_that_telegram_refuses_are_refused(
    client: Bot, names: list[str], description: str, language: str | None, reason: str
) -> None:
    commands = [BotCommand(command=name, description=description) for name in names]
    with pytest.raises(TelegramBadRequest, match=reason):
        await client.set_my_commands(commands, language_code=language)


async def test_an_independent_client_downloads_what_citizens_send(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.send_photo(content=b"anh 1", caption="ổ gà")
    await telegram.send_photo(content=b"anh 2")
    await telegram.send_document("đơn.pdf", b"%PDF-1.7")
    first, second, third = [update.message for update in await client.get_updates()]
    assert first is not None
    assert first.photo is not None
    assert second is not None
    assert second.photo is not None
    assert first.photo[0].width < first.photo[-1].width
    assert (first.caption, third and third.document and third.document.file_name) == ("ổ gà", "đơn.pdf")
    for file, content in ((first.photo[-1], b"anh 1"), (second.photo[-1], b"anh 2")):
        downloaded = await client.download(file)
        assert downloaded is not None
        assert downloaded.read() == content


async def test_large_and_unknown_files_are_not_given(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.send_document("a.pdf", b"x", size=20 * 1024 * 1024)
    await telegram.send_document("b.pdf", b"x", size=20 * 1024 * 1024 + 1)
    fits, large = [update.message for update in await client.get_updates()]
    assert fits is not None
    assert fits.document is not None
    assert large is not None
    assert large.document is not None
    assert (await client.get_file(fits.document.file_id)).file_path
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await client.get_file(large.document.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file_id"):
        await client.get_file("unknown")


async def test_an_independent_client_sends_files(telegram: FakeTelegram, client: Bot) -> None:
    telegram.chats.add(7)
    content = bytes(range(256)) * 8 + b"\r\n--x\r\n"
    sent = await client.send_document(
        7, BufferedInputFile(content, "phiếu hẹn.pdf"), caption="Phiếu", reply_markup=_board()
    )
    assert sent.document is not None
    assert sent.document.file_name == "phiếu hẹn.pdf"
    downloaded = await client.download(sent.document)
    assert downloaded is not None
    assert downloaded.read() == content
    await client.send_photo(7, BufferedInputFile(b"anh", "so do.png"))
    await client.send_document(7, sent.document.file_id)
    assert telegram.texts() == ["Phiếu", "[so do.png]", "[document]"]
    with pytest.raises(TelegramBadRequest, match="non-empty"):
        await client.send_document(7, BufferedInputFile(b"", "a.pdf"))
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await client.send_photo(7, BufferedInputFile(b"anh", "a.png"), caption="a" * 1025)
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await client.send_photo(7, "unknown")


async def test_places_and_numbers_are_asked_for_in_private_chats_only(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.write("xin chào")
    await telegram.write_in_group("xin chào")
    place = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Gửi vị trí", request_location=True)]])
    phone = ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text="Gửi số", request_contact=True)], [KeyboardButton(text="Thôi")]]
    )
    with pytest.raises(TelegramBadRequest, match="location can be requested in private chats only"):
        await client.send_message(GROUP, "ở đâu?", reply_markup=place)
    with pytest.raises(TelegramBadRequest, match="phone number can be requested in private chats only"):
        await client.send_message(GROUP, "số?", reply_markup=phone)
    await client.send_message(7, "ở đâu?", reply_markup=place)
    await client.send_message(7, "số?", reply_markup=phone)
    await telegram.share_contact("84987654321")
    shared = await _news(client)
    assert shared.contact is not None
    assert shared.from_user is not None
    assert shared.contact.user_id == shared.from_user.id
    await telegram.tap("Thôi")
    assert (await _news(client)).text == "Thôi"
    with pytest.raises(LookupError):
        await telegram.tap("Gửi số")
    await client.send_message(7, "xong", reply_markup=ReplyKeyboardRemove())
    assert telegram.keyboards == {}


async def test_groups_carry_mentions_commands_and_answers(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.write_in_group("😀 @motcua_test_bot làm khai sinh", person=8)
    mentioned = await _news(client)
    assert (mentioned.chat.type, mentioned.from_user and mentioned.from_user.id) == ("group", 8)
    assert mentioned.entities is not None
    assert mentioned.text is not None
    assert mentioned.entities[0].extract_from(mentioned.text) == "@motcua_test_bot"
    await telegram.write_in_group("/tra_cuu@motcua_test_bot x")
    command = await _news(client)
    assert command.entities is not None
    assert command.text is not None
    assert command.entities[0].extract_from(command.text) == "/tra_cuu@motcua_test_bot"
    sent = await client.send_message(GROUP, "Dạ", reply_parameters=ReplyParameters(message_id=command.message_id))
    assert sent.reply_to_message is not None
    telegram.privacy = True
    assert await telegram.write_in_group("nói chuyện riêng") is None
    assert await telegram.write_in_group("/tra_cuu@another_bot") is None
    assert await telegram.write_in_group("đúng rồi", to=telegram.sent[-1][2]) is not None
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await client.send_message(GROUP, "Dạ", reply_parameters=ReplyParameters(message_id=9999))


async def test_a_group_moves_and_says_where_to(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.write_in_group("xin chào")
    new = await telegram.migrate(GROUP)
    assert (await _news(client)).chat.type == "supergroup"
    with pytest.raises(TelegramMigrateToChat) as caught:
        await client.send_message(GROUP, "x")
    assert caught.value.migrate_to_chat_id == new
    await client.send_message(new, "x")


async def test_texts_are_edited_and_people_come_and_go(telegram: FakeTelegram, client: Bot) -> None:
    update = await telegram.write("khai sin")
    await telegram.edit("khai sinh", update["message"])
    await telegram.block()
    with pytest.raises(TelegramForbiddenError):
        await client.send_message(7, "x")
    await telegram.unblock()
    await client.send_message(7, "x")
    _, edited, left, back = await client.get_updates()
    assert edited.edited_message is not None
    assert left.my_chat_member is not None
    assert back.my_chat_member is not None
    assert (edited.edited_message.text, edited.edited_message.message_id) == (
        "khai sinh",
        update["message"]["message_id"],
    )
    assert (left.my_chat_member.new_chat_member.status, back.my_chat_member.new_chat_member.status) == (
        "kicked",
        "member",
    )


async def test_an_independent_client_takes_buttons_away(telegram: FakeTelegram, client: Bot) -> None:
    telegram.chats.add(7)
    sent = await client.send_message(7, "Chọn", reply_markup=_board())
    await client.edit_message_reply_markup(chat_id=7, message_id=sent.message_id, reply_markup=None)
    with pytest.raises(LookupError):
        await telegram.press("Có")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await client.edit_message_reply_markup(chat_id=7, message_id=sent.message_id, reply_markup=None)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await client.edit_message_reply_markup(chat_id=7, message_id=9999, reply_markup=_board())
    with pytest.raises(TelegramBadRequest, match="BUTTON_URL_INVALID"):
        await client.send_message(7, "x", reply_markup=_board(url="not an address"))


async def test_a_hurried_chat_is_told_to_wait_and_the_others_are_not(telegram: FakeTelegram, client: Bot) -> None:
    telegram.chats |= {7, 8}
    telegram.chat_rate = 1.0
    await client.send_message(7, "một")
    with pytest.raises(TelegramRetryAfter) as caught:
        await client.send_message(7, "hai")
    assert caught.value.retry_after == 1
    await client.send_message(8, "một")
    await asyncio.sleep(1.05)
    await client.send_message(7, "hai")
    assert [(each.serial, each.to) for each in telegram.accepted] == [(1, 7), (2, 8), (3, 7)]


async def test_a_request_that_arrived_is_worked_on_though_its_client_has_gone(telegram: FakeTelegram) -> None:
    telegram.chats.add(7)
    body = json.dumps({"chat_id": 7, "text": "a" * 4000}).encode()
    head = (
        f"POST /bot{telegram.token}/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    gone = socket.create_connection(("127.0.0.1", telegram.port))
    gone.sendall(head.encode() + body)
    gone.close()
    await telegram.until(lambda: len(telegram.sent) == 1)
