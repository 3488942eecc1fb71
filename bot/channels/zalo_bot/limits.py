"""What a message of a Zalo Bot can carry (https://bot.zaloplatforms.com/docs/)."""

from __future__ import annotations

from bot.channels.rendering import Capabilities

NAME = "zalo_bot"
CAN = Capabilities(text=2000)
