"""The dialogue manager's files of conversations, where somebody's have to go."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path


def forget(folder: Path, conversations: Sequence[str]) -> int:
    """Delete what the dialogue manager has kept of conversations; gives how many turns.

    A running dialogue manager may hold a conversation in memory until it is restarted or needs the room; nobody reaches
    it there, since the front door begins a new session.

    Args:
        folder: holds the files of its processes, also of those that no longer run.
        conversations: their ids; a session's name is the id, a hyphen and a number.

    Raises:
        sqlite3.Error: a file is damaged or locked for too long.
    """
    if not conversations:
        return 0
    return sum(_forget(file, conversations) for file in sorted(folder.glob("rasa*.db")))


def _forget(file: Path, conversations: Sequence[str]) -> int:
    with closing(sqlite3.connect(file, timeout=10.0)) as connection, connection:
        return sum(
            connection.execute("DELETE FROM turn WHERE sender GLOB ?", (f"{conversation}-*",)).rowcount
            for conversation in conversations
        )
