"""Zalo Official Account (https://developers.zalo.me/docs/official-account/)."""

from bot.channels.zalo_oa.limits import CAN, NAME

__all__ = ["CAN", "NAME"]
