"""The disguises of questions: repeatable, and what they say they are."""

from __future__ import annotations

import unicodedata

import pytest

from bench._noise import NOISES, chance, plain, southern, teencode, telex, typos, vni
from knowledge.text import tokens

TEXTS = (
    "Thủ tục đăng ký kết hôn ở đâu, cần giấy tờ gì?",
    "Bố tôi không được nhận tiền trợ cấp người cao tuổi thì làm thế nào?",
    "ĐỔI GIẤY PHÉP LÁI XE",
    "xe",
    "123 !?",
    "",
)


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_disguise_is_the_same_for_the_same_seed(name: str, text: str) -> None:
    noise = NOISES[name]
    assert noise(text, chance(text, 3)) == noise(text, chance(text, 3))


@pytest.mark.parametrize("name", ["typos", "teencode", "Telex keys", "VNI keys", "southern words"])
def test_a_real_question_is_changed_and_another_seed_changes_it_otherwise(name: str) -> None:
    text = TEXTS[1]
    found = {NOISES[name](text, chance(text, seed)) for seed in range(12)}
    assert len(found) > 3
    assert text not in found


def test_marks_go_and_nothing_else() -> None:
    assert plain("Thủ tục đăng ký, ĐẤT đai Ở đâu?", chance("", 1)) == "Thu tuc dang ky, DAT dai O dau?"


@pytest.mark.parametrize("noise", [telex, vni])
def test_keys_of_an_input_method_say_the_same_words(noise: object) -> None:
    text = "đăng ký kết hôn, xin giấy xác nhận độc thân"
    assert callable(noise)
    typed = noise(text, chance(text, 2))
    assert typed != text
    # What the program reads back out of the keys is what was meant.
    assert tokens(typed) == tokens(text)


def test_typing_slips_touch_few_words_but_at_least_one() -> None:
    for seed in range(30):
        text = TEXTS[0]
        slipped = typos(text, chance(text, seed))
        changed = sum(a != b for a, b in zip(text.split(), slipped.split(), strict=True))
        assert 1 <= changed <= 8
    assert typos("xe", chance("xe", 1)) == "xe"


def test_teencode_is_small_letters_and_southern_speech_keeps_its_marks() -> None:
    assert all(teencode(t, chance(t, s)).islower() for t in TEXTS[:3] for s in range(5))
    said = southern("Bố tôi vào đâu?", chance("x", 4))
    assert unicodedata.is_normalized("NFC", said)
    assert "Bố" not in said or "tui" in said or "vô" in said
