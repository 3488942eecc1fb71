"""A strict fake of the Zalo Official Account API: it refuses what the real one refuses, with the same codes."""

from tests.fakes._platform import Fault
from tests.fakes.zalo_oa.fake import FakeZaloOA
from tests.fakes.zalo_oa.state import APP_ID, APP_SECRET, OA_ID, OA_SECRET, signature

__all__ = ["APP_ID", "APP_SECRET", "OA_ID", "OA_SECRET", "FakeZaloOA", "Fault", "signature"]
