"""Fetching the catalogue from a portal's JSON API, politely and in pieces that survive a break."""

from knowledge.settings import SyncSource
from knowledge.sync.fetch import sync
from knowledge.sync.refresh import Outcome, refresh

__all__ = ["Outcome", "SyncSource", "refresh", "sync"]
