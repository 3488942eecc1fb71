"""A strict fake of Telegram's Bot API: it refuses what the real one refuses, in the same words."""

from tests.fakes._platform import Fault, Refused
from tests.fakes.telegram.fake import FakeTelegram
from tests.fakes.telegram.state import TOKEN

__all__ = ["TOKEN", "FakeTelegram", "Fault", "Refused"]
