"""Files that citizens send in a chat: looked into, kept for their case, and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from bot import sentences
from bot.channels.contract import NotFetched, Route
from bot.inbox import Claim
from bot.replies import Button, Reply
from desk.attachments import Attachments, Upload, clean_name
from desk.cases import Cases
from store import tables
from store.engine import Database
from store.errors import Conflict, MotcuaError, Unavailable


class FilesWait(Exception):
    """The file cannot be had at the moment; trying again may help."""


class Files:
    """Takes files of conversations in.

    Args:
        attachments: where they go.
        cases: told when a case gets one.
    """

    def __init__(self, database: Database, attachments: Attachments, cases: Cases) -> None:
        self._database = database
        self._attachments = attachments
        self._cases = cases

    async def take(self, claim: Claim, route: Route) -> tuple[Sequence[Reply], dict[str, Any]]:
        """Fetch a file that lies with the platform, and keep it.

        Returns:
            What to say, and what the message holds from now on.

        Raises:
            FilesWait: it cannot be fetched or kept now.
        """
        wanted = claim.body.get("wanted")
        if route.fetch is None or not isinstance(wanted, Mapping):
            return (Reply(sentences.NO_FILES),), {**claim.body, "kind": "unsupported"}
        try:
            upload = await route.fetch(wanted)
            said = await self.keep(claim.conversation_id, claim.external_id, upload)
        except (NotFetched, Unavailable) as error:
            if isinstance(error, NotFetched) and error.for_good:
                return (Reply(sentences.FILE_NOT_FETCHED),), {**claim.body, "kind": "unsupported"}
            raise FilesWait(str(error)) from error
        except MotcuaError as refusal:
            return (Reply(refusal.message),), {**claim.body, "kind": "unsupported"}
        return (file_taken(said),), {"kind": "file", **said}

    async def keep(self, conversation: str, external_id: str, upload: Upload) -> dict[str, Any]:
        """Keep a file of a conversation that is written down; gives what its message holds (`bot.incoming`).

        The same message again keeps it once.

        Raises:
            MotcuaError: it is not taken; the sentence says why.
        """
        checked = await self._attachments.check(upload)
        async with self._database.connect() as connection:
            in_form = await connection.scalar(
                select(tables.conversations.c.in_form).where(tables.conversations.c.id == conversation)
            )
        file, code = await self._attachments.keep(conversation, checked)
        if code is not None:
            # A case that was finished in this very moment keeps the file all the same.
            with suppress(Conflict):
                await self._cases.add(code, f"Gửi tệp: {file.name} (tệp số {file.id})", key=f"file:{external_id}")
        return {
            "text": clean_name(upload.name),
            "file": file.id,
            "media_type": file.media_type,
            "case": code,
            "in_form": bool(in_form),
            "hours": self._attachments.settings.wait_hours,
        }


def file_taken(body: Mapping[str, Any]) -> Reply:
    """What is said to a file that was kept."""
    if body.get("case"):
        return Reply(sentences.FILE_IN_CASE.format(code=body["case"]))
    if body.get("in_form"):
        return Reply(sentences.FILE_IN_FORM)
    waits = sentences.FILE_WAITS.format(hours=body.get("hours", 24))
    return Reply(waits, (Button(sentences.SEND_FEEDBACK, "/give_feedback"),))
