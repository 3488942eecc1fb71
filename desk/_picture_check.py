"""Pictures that somebody sent: unpacked within bounds and drawn anew, so that nothing hidden in them is kept."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from desk import _identity_cards as cards
from desk._file_limits import Limits, Refusal

BROKEN = "Ảnh bị hỏng hoặc tải lên chưa đủ nên không mở được. Anh/chị chọn lại ảnh, hoặc chụp lại giúp tôi."
HUGE = "Ảnh quá lớn ({width} × {height} điểm ảnh). Anh/chị chụp lại ở cỡ thường rồi gửi giúp tôi."
TOO_HUGE = "Ảnh quá lớn. Anh/chị chụp lại ở cỡ thường rồi gửi giúp tôi."
_MARKS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}
_QUALITY = 85


def form_of(content: bytes) -> str | None:
    """Which of the pictures that are taken it is by its first bytes, None for anything else."""
    form = next((form for form, mark in _MARKS.items() if content.startswith(mark)), None)
    return None if form == "WEBP" and content[8:12] != b"WEBP" else form


def check(name: str, content: bytes, limits: Limits) -> tuple[bytes, str]:
    """The picture drawn anew, upright and no larger than allowed, and its media type.

    Raises:
        Refusal: it cannot be opened, is too large, or shows an identity card.
    """
    form = form_of(content)
    image = _opened(content, form or "", limits)
    if not limits.identity_cards and (cards.named(name) or cards.seen(image)):
        raise Refusal(cards.REFUSED)
    image.thumbnail((limits.side_px, limits.side_px))
    grey = image.mode in {"1", "L"}
    see_through = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    out = io.BytesIO()
    if form == "PNG":
        _bare(image.convert("RGBA" if see_through else "L" if grey else "RGB")).save(out, "PNG")
        return out.getvalue(), "image/png"
    if see_through:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    _bare(image.convert("L" if grey else "RGB")).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue(), "image/jpeg"


def _opened(content: bytes, form: str, limits: Limits) -> Image.Image:
    with warnings.catch_warnings():
        # Sizes are checked here, before anything is unpacked.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(content), formats=[form])
            width, height = image.size
            if width * height > limits.megapixels * 1_000_000:
                raise Refusal(HUGE.format(width=width, height=height))
            image.load()
            return ImageOps.exif_transpose(image)
        except Refusal:
            raise
        except Image.DecompressionBombError:
            raise Refusal(TOO_HUGE) from None
        except Exception:
            # Decoders raise whatever they stumble over in a broken or hostile file.
            raise Refusal(BROKEN) from None


def _bare(image: Image.Image) -> Image.Image:
    """Without the notes that came with it: place, device, comments."""
    image.info = {}
    return image
