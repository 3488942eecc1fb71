"""Text as citizens type it: what the cleaning, spelling out, spotting and masking functions promise."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import text
from knowledge._syllables import BASES, FOLDED, split_tone, telex, vni, with_tone
from knowledge._teencode import CONTEXTS, OFFICE, SLANG

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
WORDS = sorted(
    {*SLANG, *OFFICE, *CONTEXTS, "so", "đăng", "ký", "5", "giaays", "ky1", "d9a8ng", "đượcccc", "hoà", "nộp"}
)
CHATTER = st.lists(st.sampled_from([*WORDS, ".", ",", "TP.", "K", "?", "/", "-"]), max_size=12).map(" ".join)
GLUED = st.lists(st.sampled_from([*WORDS, ".", ",", " ", "(", ")", "A", "1"]), max_size=12).map("".join)
FUNCTIONS: list[Callable[[str], object]] = [
    text.nfc,
    text.fold,
    text.normalise,
    text.tokens,
    text.codes,
    text.choice,
    text.strip_command,
    text.mask,
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ddaang kys khai sinhf", "đăng ký khai sinh"),
        ("ddawng kys", "đăng ký"),
        ("cmnd bij maats", "chứng minh nhân dân bị mất"),
        ("dang9 ky1", "đăng ký"),
        ("d9a8ng ky1 khai sinh", "đăng ký khai sinh"),
        ("toi6 muon61 lam2 giay61 to72", "tôi muốn làm giấy tờ"),
        ("nuwowcs dduowjc muaw", "nước được mưa"),
        ("Lamf hooj khaaur", "Làm hộ khẩu"),
    ],
)
def test_telex_and_vni_keys_become_the_words_that_were_meant(typed: str, meant: str) -> None:
    assert text.normalise(typed) == meant


@pytest.mark.parametrize(
    "words",
    [
        "visa bus data camera app Zalo",
        "tổ to1 ấp ap2",
        "bằng a1 b2 hạng c1",
        "phường 1 quận 3",
        "VNeID PDF 5G covid",
        "gas box max",
        "kkk hhh, loại III (iii), xe DA59",
        "e cảm ơn a/c",
        "dichvucong.gov.vn/abc a.b@x.vn",
        "QĐ-UBND 10/2019/QĐ-UBND 118/2025/NĐ-CP",
        "sở KH&CN",
        "h. Phú Tân, x. Phú Lâm, p. Mỹ Bình, tt An Châu",
    ],
)
def test_words_that_only_look_like_keys_or_shorthand_stay_as_they_are(words: str) -> None:
    assert text.normalise(words) == words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ko biết đk ks ở đâu z", "không biết đăng ký khai sinh ở đâu vậy"),
        ("hok bít làm gks cho con mún hỏi", "không biết làm giấy khai sinh cho con muốn hỏi"),
        ("hông đc hả", "không được hả"),
        ("so hong bi mat dc cap lai hong", "so hong bi mat được cap lai không"),
        ("the bi hong, hong biet lam sao", "the bi hong, không biet lam sao"),
        ("phí 5k hay 10 k, k cần à", "phí 5k hay 10 k, không cần à"),
        ("K biết nộp ở đâu", "không biết nộp ở đâu"),
        ("Làm CCCD ở ttpvhcc nào", "Làm căn cước công dân ở trung tâm phục vụ hành chính công nào"),
        ("TP.Long Xuyên", "thành phố Long Xuyên"),
        ("đủ đk, đk ở UBND", "đủ điều kiện, đăng ký ở ủy ban nhân dân"),
        ("nộp hs, hs lớp 1", "nộp hồ sơ, hs lớp 1"),
        ("bn tiền, ntn, j", "bao nhiêu tiền, như thế nào, gì"),
    ],
)
def test_shorthand_is_spelled_out_and_what_is_ambiguous_is_read_by_its_neighbours(typed: str, meant: str) -> None:
    assert text.normalise(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ƣu đãi Ðăng ký", "ưu đãi Đăng ký"),
        ("đượcccc kết hônnnn", "được kết hôn"),
        ("hoà thuỷ khoẻ quý hoàn", "hòa thủy khỏe quý hoàn"),
        ("giấy khai sinh,ở đâu?nộp chưa", "giấy khai sinh, ở đâu? nộp chưa"),
        ("\u202eabc\u200b \ud800 x\x00 \n\t y", "abc x y"),
        (unicodedata.normalize("NFD", "Đăng ký kết hôn"), "Đăng ký kết hôn"),
        ("mã 1.001193 ngày 01/07/2025 phí 1,5", "mã 1.001193 ngày 01/07/2025 phí 1,5"),
    ],
)
def test_letters_marks_and_spaces_are_put_right(typed: str, meant: str) -> None:
    assert text.normalise(typed) == meant


@given(ANY_TEXT | CHATTER | GLUED)
@settings(max_examples=600, deadline=None)
def test_normalising_twice_changes_nothing_more(typed: str) -> None:
    once = text.normalise(typed)
    assert text.normalise(once) == once
    assert once == once.strip()
    once.encode("utf-8")


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_folded_text_has_no_marks_and_no_capitals_and_folding_again_keeps_it(typed: str) -> None:
    folded = text.fold(typed)
    assert not re.search("[\u0300-\u036fđĐăâêôơưĂÂÊÔƠƯ]", unicodedata.normalize("NFD", folded))
    assert text.fold(folded) == folded


@given(st.text("aăâbcdđeêfghiklmnoôơpqrstuưvxyáàảãạéèẻẽẹ AĂÂÁÀ", max_size=40))
@settings(deadline=None)
def test_vietnamese_letters_fold_to_ascii(typed: str) -> None:
    assert text.fold(typed).isascii()


@given(ANY_TEXT | CHATTER)
@settings(max_examples=300, deadline=None)
def test_tokens_are_small_ascii_words(typed: str) -> None:
    assert all(re.fullmatch("[a-z0-9]+", token) for token in text.tokens(typed))


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_no_function_raises_on_any_string(typed: str) -> None:
    for function in FUNCTIONS:
        function(typed)


@pytest.mark.parametrize(
    "unit", ["a", "\u0301\u0323", "đ ", "1 ", "a.@", "0 9-", "/\u200b", " !", "\ud800", "ko ", "😀"]
)
def test_a_million_characters_are_read(unit: str) -> None:
    long = "a" + unit * (1_000_000 // len(unit))
    # Something quadratic would run into the timeout of the test session.
    for function in FUNCTIONS:
        function(long)


def test_every_generated_syllable_survives_normalising_with_every_tone_it_may_carry() -> None:
    for base in BASES:
        for tone in (1, 5) if base.endswith(("c", "ch", "p", "t")) else range(6):
            word = with_tone(base, tone)
            assert split_tone(word) == (base, tone)
            assert text.is_syllable(word)
            if word not in SLANG and word not in CONTEXTS and word not in OFFICE:
                assert text.normalise(word) == word


def test_no_syllable_is_taken_for_telex_or_vni_keys_and_no_decoded_word_is_unwritable() -> None:
    consonants = ("b", "c", "d", "k", "l", "m", "n", "t", "th", "ng", "s", "x")
    keyed = {head + vowel + key for head in consonants for vowel in ("a", "aa", "ow", "uow", "i") for key in "sfrxj"}
    decoded = {telex(word) for word in keyed} - {None}
    assert len(decoded) > 150
    assert all(word is not None and text.is_syllable(word) for word in decoded)
    assert not any(text.is_syllable(word) for word in keyed)
    assert all(text.normalise(word) == word for word in FOLDED - {*SLANG, *CONTEXTS, *OFFICE})
    assert vni("ho65") == "hộ"
    assert vni("ho11") is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        *[(said, 1) for said in ("1", "một", "mot", "cái đầu", "cái đầu tiên nha", "thứ nhất", "chọn 1", "so 1", "01")],
        *[
            (said, 2)
            for said in ("2.", "(2)", "số 2", "2️⃣", "câu 2", "cái thứ hai", "dạ cho em số 2 ạ", "thứ nhì", "#2")
        ],
        *[(said, 3) for said in ("ba", "số ba", "Chọn 3 đi", "thứ 3", "thu tuc 3")],
        ("tôi chọn thứ tư", 4),
        ("năm", 5),
        ("mười", 10),
        ("12", 12),
    ],
)
def test_a_choice_is_read_from_numbers_and_words(said: str, number: int) -> None:
    assert text.choice(said) == number


@pytest.mark.parametrize(
    "said",
    ["", "bà", "1 và 2", "1,2", "0", "123", "đâu", "ở đâu", "hai con", "một cửa", "xã", "làm giấy", "2.5", "x" * 99],
)
def test_what_is_no_single_choice_gives_none(said: str) -> None:
    assert text.choice(said) is None


def test_codes_are_found_once_each_in_order_and_look_alikes_are_not() -> None:
    said = "1.001193 với 2.000635.000.00.00.H01, 1. 001193; 1.0133611 11.001193 1.500.000 1.001.193"
    assert text.codes(said) == ["1.001193", "2.000635"]


@pytest.mark.parametrize("said", ["/greet", " \u200b/ /greet", "//greet", "\ufeff／greet"])
def test_no_text_begins_with_a_command_slash(said: str) -> None:
    assert text.strip_command(said) == "greet"


def test_a_slash_inside_stays() -> None:
    assert text.strip_command("a/c ơi /x") == "a/c ơi /x"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("0912345678", "[phone]"),
        ("+84 912.345.678", "[phone]"),
        ("0912 345 678", "[phone]"),
        ("cccd089203001234", "cccd[id]"),
        ("089 203 001 234", "[id]"),
        ("cmnd 351234567", "cmnd [id]"),
        ("cmnd 351 234 567", "cmnd [id]"),
        ("gửi a.b+c@x.com.vn nhé", "gửi [email] nhé"),
    ],
)
def test_identity_numbers_phones_and_addresses_are_masked(secret: str, shown: str) -> None:
    assert text.mask(secret) == shown


@pytest.mark.parametrize(
    "plain", ["mã 1.001193", "15.000.000 đồng", "500.000.000 đồng", "01/07/2025", "ngày 3 tháng 4"]
)
def test_codes_amounts_and_dates_are_not_masked(plain: str) -> None:
    assert text.mask(plain) == plain


@given(
    st.integers(10**11, 10**12 - 1), st.sampled_from(["", "cccd ", "số:", "x"]), st.sampled_from(["", " ạ", ".", ","])
)
def test_no_twelve_digit_number_gets_through(number: int, before: str, after: str) -> None:
    assert str(number) not in text.mask(f"{before}{number}{after}")


def test_the_module_needs_nothing_but_the_standard_library_and_its_own_internals() -> None:
    root = Path(text.__file__).parents[1]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import knowledge.text;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["knowledge"]
