"""What the desk refuses with a sentence for the person, by the names under which the rooms above it meet it."""

from __future__ import annotations

from store.errors import Conflict, Invalid, NotFound

__all__ = ["REFUSED", "Conflict", "Invalid", "NotFound"]

REFUSED = (Conflict, Invalid, NotFound)
"""To be caught where the sentence is told; anything else is a failure and must stay one."""
