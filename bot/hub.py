"""Hands new messages to the open streams of a conversation, within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.replies import Outgoing


class Look:
    """In a stream's queue: something was written that is to be read from the database."""


LOOK = Look()
Said = Outgoing | Look | None


class Hub:
    """Streams by conversation, each with a bounded queue.

    Args:
        depth: messages that may wait for one stream; a stream that is further behind is ended, and its
            client comes back and reads on from the database.
    """

    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._streams: dict[str, set[asyncio.Queue[Said]]] = {}
        self._closed = False
        self.open = 0

    @contextmanager
    def listen(self, conversation: str) -> Iterator[asyncio.Queue[Said]]:
        """A queue of what is said from now on; None in it means that the stream has to end."""
        queue: asyncio.Queue[Said] = asyncio.Queue(self._depth + 1)
        if self._closed:
            queue.put_nowait(None)
        self._streams.setdefault(conversation, set()).add(queue)
        self.open += 1
        try:
            yield queue
        finally:
            self.open -= 1
            queues = self._streams.get(conversation, set())
            queues.discard(queue)
            if not queues:
                self._streams.pop(conversation, None)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Hand messages that are written down to whoever listens."""
        for message in messages:
            self._put(message.conversation_id, message)

    def look(self, conversation: str) -> None:
        """Have the streams of a conversation read on from the database."""
        self._put(conversation, LOOK)

    def look_everywhere(self) -> None:
        """Have every stream read on."""
        for conversation in list(self._streams):
            self.look(conversation)

    def _put(self, conversation: str, said: Outgoing | Look) -> None:
        for queue in self._streams.get(conversation, ()):
            if queue.qsize() < self._depth:
                queue.put_nowait(said)
            elif not queue.full():
                queue.put_nowait(None)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for queues in self._streams.values():
            for queue in queues:
                if not queue.full():
                    queue.put_nowait(None)
