"""Random keys that the program makes once and keeps in a file."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from store.errors import Invalid

LEAST = 32


def kept(path: Path) -> str:
    """The key in the file, for the owner alone; made when there is none. Processes that start at once get the same.

    Raises:
        Invalid: the file cannot be read, or what it holds is no key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Linked into place when it is complete: another process never reads half a key.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the key {path.name} in the data folder cannot be read: {error}") from None
    if len(key) < LEAST:
        raise Invalid(
            f"the key {path.name} in the data folder is empty or damaged; put it back from a backup, or delete it to "
            "have a new one made"
        )
    return key
