"""Codes of procedures as sources write them."""

from __future__ import annotations

import re
from decimal import Decimal

from knowledge.importers._clean import tidy
from knowledge.importers._notes import BadRecord, Notes
from knowledge.importers.traps import Trap

_CODE = re.compile(r"^\d\.\d{6}$")
_CODE_INSIDE = re.compile(r"^(\d\.\d{6})(?=\D)")
# "1.001612.000.00.00.H01", "1.012753.H19": the older lists append the province (H01 is An Giang).
_SUFFIX = re.compile(r"^(\d\.\d{6})(?:\.\d{3}\.\d{2}\.\d{2})?\.H\d{2}$")


def is_code(text: str) -> bool:
    """Whether a text is a well-formed code."""
    return _CODE.match(text) is not None


def read(raw: object, note: Notes) -> str:
    """The code of a record; raises BadRecord where there is none."""
    if isinstance(raw, float | int | Decimal) and not isinstance(raw, bool):
        # A sheet that holds 1.004220 as a number says 1.00422.
        if not 0 < raw < 10:
            raise BadRecord(Trap.code_malformed, "code", f"the number {raw} is no code")
        code = f"{raw:.6f}"
        note(Trap.code_as_number, "code", f"the code was kept as the number {raw}: read as {code}")
        return code
    if not isinstance(raw, str) or not raw.strip():
        raise BadRecord(Trap.code_missing, "code", "the record has no code")
    code = tidy(raw)
    note.code = code
    if len(code) > 60 or "\n" in code:
        raise BadRecord(Trap.code_malformed, "code", "what stands for a code is a text of several words")
    if is_code(code):
        return code
    suffix = _SUFFIX.match(code)
    if suffix:
        note(Trap.code_suffix, "code", f"{code}: the suffix names a province, the code is {suffix[1]}")
        return suffix[1]
    inside = _CODE_INSIDE.match(code)
    if inside and not re.match(r"^\d\.\d{7,}$", code):
        note(Trap.code_malformed, "code", f"malformed code {code!r}: what follows {inside[1]} is kept apart from it")
        return code
    note(Trap.code_malformed, "code", f"malformed code {code!r}: kept as it is, look it up")
    return code
