"""The search over a small catalogue built for the test: what is found, asked, and not known."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge.catalogue import STARTER, read_source
from knowledge.procedures import Procedure, Source
from knowledge.search import Searcher
from knowledge.search._dense import StaticEncoder
from knowledge.search._features import features
from knowledge.search._postings import bm25
from knowledge.search._spelling import Speller, _one_edit
from knowledge.search._stop import general_cues, law_cues, subject
from knowledge.search._variants import family
from knowledge.search.build import build
from knowledge.search.calibration import Calibration
from knowledge.settings import KnowledgeSettings
from knowledge.text import fold, tokens
from knowledge.vocabulary import Vocabulary
from store.errors import Invalid

SMALL = KnowledgeSettings(dims=64, pairs=12)
SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("search")
    build(read_source(STARTER).procedures, made, SMALL)
    return made


@pytest.fixture(scope="module")
def searcher(folder: Path) -> Searcher:
    return Searcher.load(folder)


FIRST = [
    ("làm giấy khai sinh cho con ở đâu, em ở xã Mỹ Hòa Hưng", "1.001193"),
    ("xin giấy xác nhận độc thân cần giấy gì", "1.004873"),
    ("mất cccd làm lại bao nhiêu tiền", "1.014064"),
    ("e mún đăng ký kết hôn nộp online dc hok", "1.000894"),
    ("sang tên sổ đỏ mất bao lâu", "1.013831"),
    ("xin giấy phép xây nhà ở chợ mới nộp chỗ nào", "1.013225"),
    ("cha tôi mất, báo tử ở đâu", "1.000656"),
    ("đăng ký hộ kinh doanh ở Châu Đốc", "1.001612"),
    ("dẹp tiệm tạp hóa thì làm sao", "1.001266"),
    ("lấy chồng Đài Loan đăng ký ở đâu", "2.000806"),
    ("làm căn cước cho bé", "1.014062"),
    ("lãnh tiền 80 tuổi", "1.014027"),
]


@pytest.mark.parametrize(("question", "code"), FIRST)
@pytest.mark.parametrize("plain", [False, True], ids=["marked", "plain"])
def test_everyday_questions_are_answered_with_and_without_diacritics(
    searcher: Searcher, question: str, code: str, plain: bool
) -> None:
    found = searcher.search(fold(question) if plain else question)
    assert found.decision == "answer", found
    assert found.hits[0].code == code


@pytest.mark.parametrize(
    ("slip", "code"),
    [
        ("lam giaay khai sihn cho con", "1.001193"),
        ("dang kyy ket hono", "1.000894"),
        ("xac nhan ddoc thaan", "1.004873"),
    ],
)
def test_slips_of_typing_are_forgiven(searcher: Searcher, slip: str, code: str) -> None:
    assert searcher.search(slip).hits[0].code == code


@pytest.mark.parametrize(
    "question",
    [
        "hôm nay trời có mưa không",
        "vượt đèn đỏ phạt bao nhiêu tiền",
        "giá vàng hôm nay",
        "bạn bao nhiêu tuổi",
        "không đội mũ bảo hiểm bị phạt thế nào",
        "abc xyz",
        "9.999999",
    ],
)
def test_what_no_procedure_answers_is_not_known(searcher: Searcher, question: str) -> None:
    assert searcher.search(question).decision == "unknown"


def test_an_ambiguous_request_asks_with_labels(searcher: Searcher) -> None:
    found = searcher.search("làm giấy sang tên")
    assert found.decision == "ask"
    assert found.question
    assert [(hit.code, bool(hit.label)) for hit in found.hits] == [("1.013831", True), ("1.013076", True)]


def test_asking_back_gives_two_to_four_different_things(searcher: Searcher) -> None:
    asked = [f for f in map(searcher.search, ("đất đai", "bán thuốc", "xe", "trợ cấp")) if f.decision == "ask"]
    assert asked
    for found in asked:
        assert 2 <= len(found.hits) <= 4
        assert len({hit.code for hit in found.hits}) == len(found.hits)


@pytest.mark.parametrize("text", ["1.001193", "mã 1.001193 cần giấy gì", "1 . 001193", "thủ tục 001193", "001193"])
def test_a_code_in_full_or_in_part_is_the_procedure(searcher: Searcher, text: str) -> None:
    found = searcher.search(text)
    assert (found.decision, found.hits[0].code) == ("answer", "1.001193")


def test_six_digits_of_something_else_are_no_code(searcher: Searcher) -> None:
    assert searcher.search("thửa đất số 001193 của tôi bị lấn ranh").hits[0].code != "1.001193"


@pytest.mark.parametrize(
    "text", ["", "   ", "🙂", "\x00\x07", "?" * 50, "a" * 1_000_000, "khai sinh " * 20_000, "\ud800"]
)
def test_any_string_is_survived(searcher: Searcher, text: str) -> None:
    assert searcher.search(text).decision in {"answer", "ask", "unknown"}


def test_probabilities_are_such_and_fall(searcher: Searcher) -> None:
    hits = searcher.search("đăng ký kết hôn", limit=5).hits
    chances = [hit.probability for hit in hits]
    assert len(hits) == 5
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)


def test_threads_find_the_same(searcher: Searcher) -> None:
    questions = [question for question, _ in FIRST] * 4
    alone = [searcher.search(q).hits[0].code for q in questions]
    with ThreadPoolExecutor(8) as pool:
        assert [f.hits[0].code for f in pool.map(searcher.search, questions)] == alone


def test_the_same_catalogue_gives_the_same_model(tmp_path: Path) -> None:
    few = read_source(STARTER / "cu_tru.yml").procedures
    tiny = KnowledgeSettings(dims=16, pairs=3)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        build(few, tmp_path / name, tiny)
    one, two = (StaticEncoder(tmp_path / name / "model").encode([["tam", "tru"]]) for name in ("a", "b"))
    np.testing.assert_array_equal(one, two)


def test_the_model_served_light_gives_the_vectors_of_sentence_transformers(folder: Path) -> None:
    texts = [tokens(question) for question, _ in FIRST]
    code = (
        "import sys, json; from sentence_transformers import SentenceTransformer as S;"
        "print(json.dumps(S(sys.argv[1], device='cpu').encode(json.loads(sys.argv[2]),"
        " normalize_embeddings=True).tolist()))"
    )
    inputs = json.dumps([" ".join(features(text)) for text in texts])
    out = subprocess.run(
        [sys.executable, "-c", code, str(folder / "model"), inputs], capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(StaticEncoder(folder / "model").encode(texts), json.loads(out.stdout), atol=1e-5)


def test_searching_with_the_static_model_never_imports_torch(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from knowledge.search import Searcher;"
        "Searcher.load(Path(sys.argv[1])).search('khai sinh'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=Path(__file__).parents[3])


def test_another_model_named_by_its_folder_is_indexed_and_used(folder: Path, tmp_path: Path) -> None:
    procedures = read_source(STARTER / "ho_tich.yml").procedures
    code = (
        "import sys; from pathlib import Path; from knowledge.catalogue import STARTER, read_source;"
        "from knowledge.search.build import build; from knowledge.search import Searcher;"
        "from knowledge.settings import KnowledgeSettings;"
        "settings = KnowledgeSettings(model=sys.argv[1]);"
        "build(read_source(STARTER / 'ho_tich.yml').procedures, Path(sys.argv[2]), settings);"
        "assert 'sentence_transformers' in sys.modules;"
        "print(Searcher.load(Path(sys.argv[2])).search('đăng ký kết hôn').hits[0].code)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(folder / "model"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert out.stdout.strip() == "1.000894"
    assert "1.000894" in {p.code for p in procedures}
    assert not (tmp_path / "model").exists()


def test_a_catalogue_of_one_procedure_can_be_searched(tmp_path: Path) -> None:
    only = Procedure(code="1.000001", name="Cấp giấy phép nuôi chim yến", source=Source(title="x"))
    build([only], tmp_path, KnowledgeSettings(dims=16, pairs=3))
    assert Searcher.load(tmp_path).search("giấy phép nuôi chim yến").hits[0].code == "1.000001"


def test_an_empty_catalogue_and_a_damaged_index_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be searched"):
        build([], tmp_path, SMALL)
    for name in ("index.json", "index.safetensors", "vectors.faiss"):
        (tmp_path / name).write_bytes((folder / name).read_bytes()[:1000])
    with pytest.raises(Invalid, match="cannot be read"):
        Searcher.load(tmp_path)


async def test_a_search_takes_no_longer_than_a_blink(searcher: Searcher) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for question, _ in FIRST * 10:
        searcher.search(question)
    # 2 ms on an idle machine; the margin is for a busy one.
    assert (loop.time() - began) / len(FIRST * 10) < 0.05


def test_the_subject_is_what_remains_of_a_question() -> None:
    assert subject(tokens("sang tên sổ đỏ mất bao lâu")) == ["sang", "ten", "so", "do"]
    assert subject(tokens("làm giấy khai sinh ở đâu vậy ad")) == ["lam", "giay", "khai", "sinh"]
    assert subject([]) == []


def test_signs_of_questions_about_fines_are_counted() -> None:
    assert law_cues(tokens("vượt đèn đỏ bị phạt bao nhiêu")) > 1
    assert law_cues(tokens("đăng ký kết hôn cần giấy gì")) == 0


def test_the_same_thing_at_another_counter_is_one_family() -> None:
    one, two = (tokens(f"Cấp lại thẻ căn cước (thực hiện tại cấp {level})") for level in ("tỉnh", "xã"))
    assert family(one) == family(two) == family(tokens("Cấp lại thẻ căn cước"))
    assert family(tokens("Cấp đổi thẻ căn cước")) != family(one)


def test_the_speller_leaves_possible_words_alone() -> None:
    speller = Speller.learn([["khai", "sinh", "cho", "con"]] * 50, [])
    assert speller.correct(["khai", "sihn"]) == ["khai", "sinh"]
    assert speller.correct(["khai", "sinh", "lan"]) == ["khai", "sinh", "lan"]
    assert speller.correct(["xq"]) == ["xq"]


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("sinh", "sihn", True),
        ("sinh", "sin", True),
        ("sinh", "sinnh", True),
        ("sinh", "xinh", True),
        ("sinh", "xing", False),
        ("sinh", "si", False),
        ("ab", "ba", True),
        ("abc", "cab", False),
    ],
)
def test_one_edit_is_one_edit(a: str, b: str, near: bool) -> None:
    assert _one_edit(a, b) is near
    assert _one_edit(b, a) is near


def test_bm25_prefers_the_rarer_word_and_the_shorter_row() -> None:
    from collections import Counter

    index = bm25([Counter(["a", "b"]), Counter(["a", "c"]), Counter(["a", "c", "c", "d", "e", "f", "g"])])
    scores = index.scores({"b": 1.0, "a": 1.0})
    assert scores.argmax() == 0
    assert index.scores({"a": 1.0})[1] > index.scores({"a": 1.0})[2] > 0
    assert not index.scores({"z": 1.0}).any()


# Trains and measures on the whole catalogue; other tests run beside it.
@pytest.mark.timeout(900)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_real_catalogue_is_searched_as_well_as_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    from bench.search import main

    status = main(["--repeat", "1", "--shared", str(SHARED)])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "ok  1.001193" in printed


def test_a_version_keeps_its_words_and_a_curve_of_its_own(folder: Path, searcher: Searcher) -> None:
    assert Vocabulary.of(folder).rows == Vocabulary.shipped().rows
    kept = Calibration.of(folder)
    assert kept.points == Calibration.shipped().points
    assert len(kept.measured) > 100
    assert sum(right for _, right in kept.measured) / len(kept.measured) > 0.5
    assert searcher.calibration.measured == kept.measured


def test_words_that_are_part_of_another_keep_their_meaning() -> None:
    assert subject(tokens("kinh doanh dược")) == ["kinh", "doanh", "duoc"]
    assert subject(tokens("đăng ký chi nhánh hợp tác xã")) == ["dang", "ky", "chi", "nhanh", "hop", "tac", "xa"]
    assert subject(tokens("cấp lại chứng chỉ hành nghề")) == ["cap", "lai", "chung", "chi", "hanh", "nghe"]
    assert subject(tokens("trường hợp nào được làm hộ chiếu")) == ["lam", "ho", "chieu"]


@pytest.mark.parametrize("plain", [False, True], ids=["marked", "plain"])
@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Vốn điều lệ là gì?", 1),
        ("Tại sao phải đối thoại", 1),
        ("Trách nhiệm của Vụ Vật liệu xây dựng", 1),
        ("làm căn cước cần giấy gì", 0),
        ("lệ phí là gì", 0),
    ],
)
def test_questions_about_the_law_in_general_are_told_by_their_signs(text: str, signs: int, plain: bool) -> None:
    assert general_cues(tokens(fold(text) if plain else text)) == signs
