"""Zalo Bot, a product of its own beside the Official Account (https://bot.zaloplatforms.com/docs/)."""

from bot.channels.zalo_bot.limits import CAN, NAME

__all__ = ["CAN", "NAME"]
