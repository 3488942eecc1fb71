"""The receiving side of a channel, whatever the channel."""

from __future__ import annotations

import pytest

from bot.channels import receiving
from bot.channels.receiving import Receiver
from bot.conversations import SessionRules
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.settings import TelegramSettings, WorkerSettings
from store.engine import Database


async def test_chats_that_send_too_much_are_remembered_up_to_a_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_FLOODING", 3)
    slow = TelegramSettings(chat_burst=1, chat_inbound_rate=0.001)
    inbox = Inbox(database, SessionRules.of(WorkerSettings()))
    receiver = Receiver("telegram", slow, inbox, database, Metrics(), backlog=1000)
    for number in range(3):
        for chat in range(8):
            await receiver.take([Incoming("telegram", f"{chat}:{number}", f"{chat}", "text", {"text": "x"})])
            assert len(receiver._flooding) <= 3
    assert receiver._flooding
