"""The measurements over a small catalogue and questions made for the test: tables, history, pages, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bench import _errors, _questions, scale, search
from bench._multiply import multiplied, places
from bench._questions import Question
from knowledge.catalogue import STARTER, read_source
from knowledge.procedures import Procedure, Source
from knowledge.search import Searcher
from knowledge.search.build import build
from knowledge.settings import KnowledgeSettings

ASKED = {
    "Đăng ký khai sinh cho con ở đâu?": ("1.001193", "editor_written_question"),
    "Thủ tục đăng ký kết hôn cần giấy tờ gì": ("1.000894", "editor_written_question"),
    "Làm giấy xác nhận tình trạng hôn nhân": ("1.004873", "real_portal_question"),
    "Đăng ký khai tử": ("1.000656", "real_portal_question"),
    "Cấp phép bay vào vũ trụ": ("9.999999", "real_portal_question"),
}


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shared data with a handful of questions and the starter catalogue; everything is written below `tmp_path`."""
    folder = tmp_path / "data"
    for name in ("questions", "catalogue", "units"):
        (folder / name).mkdir(parents=True)
    labelled = [
        {"question": text, "codes": [code], "kind": kind, "in_an_giang_commune_list": True}
        for text, (code, kind) in ASKED.items()
    ]
    none = [{"question": "vượt đèn đỏ bị phạt bao nhiêu", "kind": "penalty_question"}]
    _lines(folder / "questions" / "dev_labelled.jsonl", labelled)
    _lines(folder / "questions" / "dev_negatives.jsonl", none)
    for name in ("vietnam_provinces_2025_34", "an_giang_communes_2025_102"):
        _lines(folder / "units" / f"{name}.jsonl", [{"name": f"Tỉnh {name[:3]}"}])
    output = tmp_path / "bench"
    monkeypatch.setattr(_questions, "OUTPUT", output)
    monkeypatch.setattr(search, "OUTPUT", output)
    monkeypatch.setattr(search, "KnowledgeSettings", lambda: KnowledgeSettings(dims=32, pairs=4))
    return folder


def _lines(path: Path, records: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")


def test_a_run_prints_every_slice_and_a_fall_in_the_history_fails(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.jsonl"
    words = ["--shared", str(shared), "--catalogue", str(STARTER), "--history", str(history), "--repeat", "1"]
    words += ["--output", str(tmp_path / "out"), "--without-minilm", "--as-shipped", "--fail-on-worse"]
    search.main(words)
    out = capsys.readouterr().out
    for row in ("editor, typos", "portal, teencode", "Núi Cấm's list, VNI keys", "negative penalty_question, as typed"):
        assert f"| {row} " in out
    assert "no earlier run" in out
    assert (tmp_path / "out" / "errors.html").is_file()
    lines = history.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1

    # The earlier run is made better than any can be: now everything fell.
    best = json.loads(lines[0])
    best["places"] = {name: "0" * len(letters) for name, letters in best["places"].items()}
    best["decisions"] = {name: "R" * len(letters) for name, letters in best["decisions"].items()}
    history.write_text(json.dumps(best) + "\n", encoding="utf-8")
    assert search.main(words) == 1
    out = capsys.readouterr().out
    assert "worse" in out.split("history:")[1]
    assert len(history.read_text(encoding="utf-8").splitlines()) == 2


def test_wrong_input_is_refused_with_a_sentence(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search.main(["--shared", str(tmp_path / "none")]) == 2
    assert "give --shared" in capsys.readouterr().err
    damaged = tmp_path / "history.jsonl"
    damaged.write_text("no run\n", encoding="utf-8")
    assert search.main(["--shared", str(shared), "--history", str(damaged)]) == 2
    assert "line 1" in capsys.readouterr().err
    assert scale.main(["--shared", str(tmp_path / "none")]) == 2
    assert scale.main(["--shared", str(shared), "--procedures", "0"]) == 2
    assert "at least one" in capsys.readouterr().err


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.articles: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [value or "" for key, value in attrs if key in {"src", "href"}]
        if tag == "article":
            self.articles.append(dict(attrs))


def test_the_error_page_shows_each_wrong_question_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    names = ("Cấp giấy phép nuôi chim yến", "Cấp lại giấy phép nuôi chim yến", "Đăng ký <b>xe</b> máy điện")
    procedures = [Procedure(code=f"1.00000{i}", name=n, source=Source(title="x")) for i, n in enumerate(names)]
    build(procedures, tmp_path, KnowledgeSettings(dims=16, pairs=4))
    searcher = Searcher.load(tmp_path)
    right = Question(names[0], names[0], frozenset({"1.000000"}), "editor")
    wrong = Question("đăng ký <i>xe</i> máy điện", "dang ky", frozenset({"1.000001"}), "portal")
    texts = {"as typed": [right.text, wrong.text]}
    page = _errors.write(tmp_path / "out", searcher, procedures, [right, wrong], texts, [])
    html = page.read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(html)
    (article,) = [a for a in reader.articles if a["data-group"] == "portal"]
    assert "first" in str(article["data-kind"]).split("|")
    assert "đăng ký &lt;i&gt;xe&lt;/i&gt; máy điện" in html
    assert "i" not in reader.tags
    assert "b" not in reader.tags
    assert reader.outside == []
    assert "dense_raw" in html
    assert (tmp_path / "out" / "calibration.svg").read_text(encoding="utf-8") in html


def test_a_multiplied_catalogue_has_its_size_and_no_code_twice(shared: Path) -> None:
    starter = read_source(STARTER).procedures[:50]
    made = list(multiplied(starter, places(shared), 130))
    assert len(made) == len({p.code for p in made}) == 130
    assert tuple(made[:50]) == starter
    assert all(copy.name.startswith(source.name) for copy, source in zip(made[50:100], starter, strict=True))
    assert list(multiplied(starter, places(shared), 20)) == list(starter[:20])
    with pytest.raises(ValueError, match="catalogue and places"):
        next(multiplied([], ["x"], 3))
