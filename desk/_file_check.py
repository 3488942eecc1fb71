"""`python -m desk._file_check`: looks into one file that somebody sent, in a process of its own.

A file made to harm (a picture that unpacks to gigabytes, a PDF that never ends) ends this process and nothing else.
Asked by `desk._file_process`: a line of JSON and the content come in on standard input, a line of JSON and the content
to keep go out. What a file is, its first bytes say, never its name.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from dataclasses import dataclass

from desk._file_limits import Limits, Refusal

EMPTY = "Tệp này rỗng. Anh/chị chọn lại tệp giúp tôi."
UNKNOWN = "Tôi chỉ nhận ảnh (JPG, PNG, WebP) và PDF. Anh/chị chụp ảnh giấy tờ rồi gửi ảnh giúp tôi."
HEIC = "Ảnh này ở dạng HEIC nên chưa mở được. Anh/chị chụp màn hình ảnh đó, hoặc đổi sang JPG rồi gửi lại giúp tôi."
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
_NAMELESS = "tep"
_MEMORY = 2 * 1024**3


@dataclass(frozen=True)
class Checked:
    """A file as it may be kept."""

    name: str
    media_type: str
    content: bytes


def check(name: str, content: bytes, limits: Limits) -> Checked:
    """Look into a file.

    Args:
        name: as the sender called it, cleaned.

    Raises:
        Refusal: it is not taken.
    """
    # Imported here: each looks into its own kind only, and a process serves one file.
    from desk import _picture_check

    if not content:
        raise Refusal(EMPTY)
    if content.startswith(b"%PDF-"):
        from desk import _pdf_check

        kept, media_type = _pdf_check.check(content, limits), "application/pdf"
    elif _picture_check.form_of(content):
        kept, media_type = _picture_check.check(name, content, limits)
    else:
        raise Refusal(HEIC if content[4:8] == b"ftyp" else UNKNOWN)
    stem = _NAMELESS if limits.nameless else name.rpartition(".")[0] or name
    return Checked(f"{stem}{_ENDINGS[media_type]}", media_type, kept)


def main() -> None:
    """Answer one question."""
    # Libraries complain about broken files in words that may quote them.
    logging.disable(logging.CRITICAL)
    job = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"]))
    # It writes no file, whatever happens.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content = b""
    try:
        kept = check(job["name"], sys.stdin.buffer.read(), Limits(**job["limits"]))
        head, content = {"name": kept.name, "media_type": kept.media_type}, kept.content
    except Refusal as refusal:
        head = {"refused": str(refusal)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
