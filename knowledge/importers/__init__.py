"""Readers of the formats in which procedures come; each gives the same records and the same report."""

from knowledge.importers._detect import read as read
from knowledge.importers._detect import unconfirmed as unconfirmed
from knowledge.importers.merging import merge as merge

__all__ = ["merge", "read", "unconfirmed"]
