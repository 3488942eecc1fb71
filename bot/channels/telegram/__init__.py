"""Telegram's Bot API (https://core.telegram.org/bots/api)."""

from bot.channels.telegram.text import CAN, NAME

__all__ = ["CAN", "NAME"]
