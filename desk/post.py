"""How the desk writes to a citizen in the channel they wrote from; carried out by the front door (`bot.post`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Post(Protocol):
    """The way from the desk to conversations."""

    async def write(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        buttons: Sequence[tuple[str, str]] = (),
        sender: Literal["bot", "staff"] = "bot",
    ) -> int:
        """Put a message into the outbox, in the caller's transaction; gives the row of its last part.

        Args:
            text: line breaks and **bold** only.
            buttons: (title, `/intent{json}`) pairs.
            sender: `staff` when a person wrote it.
        """

    def deliver(self, conversation_id: str) -> None:
        """Have what was written carried at once; called after the transaction. It goes out later without it."""
