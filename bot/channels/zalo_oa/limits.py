"""What a message of a Zalo Official Account can carry (https://developers.zalo.me/docs/official-account/)."""

from __future__ import annotations

from bot.channels.rendering import Capabilities

NAME = "zalo_oa"
CAN = Capabilities(text=2000, buttons=5, title=100, asks=frozenset({"contact"}), files=True)
PRESS = "nut:"
"""What the payload of our buttons begins with, before the short id."""
IMAGE_BYTES = 1024 * 1024
FILE_BYTES = 5 * 1024 * 1024
FILE_ENDINGS = frozenset({"pdf", "doc", "docx", "csv"})
