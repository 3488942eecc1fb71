"""Passwords: what they must be like, their Argon2id hashes (RFC 9106)."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store.errors import Invalid

SHORTEST = 12
LONGEST = 200
hasher = PasswordHasher()
# Each check takes 64 MiB for a moment: a flood of sign-ins waits instead of eating the machine.
_hashing = ThreadPoolExecutor(2, "passwords")


def check(password: str, login: str) -> None:
    """Refuse a password that is easily guessed.

    Raises:
        Invalid: it cannot be used.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"Mật khẩu cần từ {SHORTEST} đến {LONGEST} ký tự.")
    if len(set(password)) < 5 or login in password.lower():
        raise Invalid("Mật khẩu quá dễ đoán: đừng lặp một vài ký tự, đừng chứa tên đăng nhập.")


def made_up() -> str:
    """A password for somebody who will change it: 20 letters and digits that are not mistaken for each other."""
    return "-".join("".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(5)) for _ in range(4))


async def hashed(password: str) -> str:
    """The hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, hasher.hash, password)


async def verify(kept: str, password: str) -> bool:
    """Whether a password belongs to a hash; one that is longer than any can be does not."""

    def right() -> bool:
        try:
            return hasher.verify(kept, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_hashing, right)


@cache
def nobody() -> str:
    """The hash of a password that nobody has, so that an unknown name costs as much work as a known one."""
    return hasher.hash(secrets.token_urlsafe(32))
