"""Encryption of what identifies people while it lies in the database (Fernet: AES-128-CBC with HMAC-SHA256).

https://cryptography.io/en/latest/fernet/
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from store.errors import Invalid, Unavailable

_MARK = "v1:"
_SHORTEST_KEY = 32


class Seal:
    """Seals texts with the first key, opens those sealed with any.

    Args:
        keys: at least one, each of at least 32 characters.

    Raises:
        Invalid: there is none, or one is too short.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        given = [key.get_secret_value() for key in keys]
        if not given or any(len(key) < _SHORTEST_KEY for key in given):
            raise Invalid(f"MOTCUA_DESK__SEAL_KEYS needs keys of at least {_SHORTEST_KEY} characters each")
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in given])

    def close(self, text: str) -> str:
        """The text sealed."""
        return _MARK + self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. What was stored before there was a seal comes back as it is.

        Raises:
            Unavailable: none of the keys opens it.
        """
        if not sealed.startswith(_MARK):
            return sealed
        try:
            return self._fernet.decrypt(sealed[len(_MARK) :].encode()).decode()
        except InvalidToken:
            raise Unavailable(
                "Khóa mã hóa dữ liệu cá nhân không khớp; hãy thêm khóa cũ vào MOTCUA_DESK__SEAL_KEYS."
            ) from None

    def renew(self, sealed: str) -> str:
        """The same text sealed with the first key.

        Raises:
            Unavailable: none of the keys opens it.
        """
        return self.close(self.open(sealed))


def _derived(key: str) -> bytes:
    # The keys are long random strings, so one hash is enough to bring them to Fernet's 32 bytes.
    return base64.urlsafe_b64encode(hashlib.sha256(b"motcua seal " + key.encode()).digest())
