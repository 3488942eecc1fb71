"""What is allowed of a file that somebody sends, and how a file is refused."""

from __future__ import annotations

from dataclasses import dataclass


class Refusal(Exception):
    """The file is not taken; its text says why and what to do, to the person who sent it."""


@dataclass(frozen=True)
class Limits:
    """What is allowed; see `desk.settings.AttachmentSettings`.

    Attributes:
        megapixels: largest photo that is opened.
        side_px: longest side of the photo that is kept.
        identity_cards: whether photos of identity cards are taken.
        nameless: whether the file's name and what a PDF says about its makers are taken away.
    """

    megapixels: int
    side_px: int
    identity_cards: bool = False
    nameless: bool = False
