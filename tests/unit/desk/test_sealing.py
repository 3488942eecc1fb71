"""What is sealed can be read with its key only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from desk.sealing import Seal
from store.errors import Invalid, Unavailable

OLD, NEW = SecretStr("k" * 40), SecretStr("n" * 40)


@given(st.text(max_size=200))
def test_what_is_sealed_comes_back_as_it_was_and_is_not_to_be_seen(text: str) -> None:
    sealed = Seal([OLD]).close(text)
    assert Seal([OLD]).open(sealed) == text
    assert len(text) < 4 or text not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    seal = Seal([OLD])
    assert seal.close("0912345678") != seal.close("0912345678")


def test_a_new_key_opens_what_the_old_one_sealed_while_both_are_given() -> None:
    sealed = Seal([OLD]).close("0912345678")
    renewed = Seal([NEW, OLD]).renew(sealed)
    assert Seal([NEW]).open(renewed) == "0912345678"
    with pytest.raises(Unavailable, match="MOTCUA_DESK__SEAL_KEYS"):
        Seal([NEW]).open(sealed)


def test_a_sealed_text_that_was_changed_does_not_open() -> None:
    sealed = Seal([OLD]).close("0912345678")
    with pytest.raises(Unavailable):
        Seal([OLD]).open(sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB"))


def test_what_was_stored_before_there_was_a_seal_is_read_as_it_is() -> None:
    assert Seal([OLD]).open("0912345678") == "0912345678"


@pytest.mark.parametrize("keys", [[], [SecretStr("short")], [OLD, SecretStr("")]])
def test_keys_that_are_missing_or_short_are_refused(keys: list[SecretStr]) -> None:
    with pytest.raises(Invalid, match="at least 32"):
        Seal(keys)
