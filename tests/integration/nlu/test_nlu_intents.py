"""How many unseen utterances are read rightly. The floors lie some points below what was measured at the time."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from knowledge.text import fold
from tests.support.rasa import ROOT, environment

HELDOUT = Path(__file__).with_name("heldout.yml")
# What the whole program stands on: these must be right, whatever the average is.
MUST = {
    "lam giay khai sinh cho con o dau, em o xa my hoa hung": "ask_procedure",
    "xin giấy xác nhận độc thân cần giấy gì": "ask_procedure",
    "mất cccd làm lại bao nhiêu tiền": "ask_procedure",
    "e mún đăng ký kết hôn nộp online dc hok": "ask_procedure",
    "sang tên sổ đỏ mất bao lâu": "ask_procedure",
    "xin giấy phép xây nhà ở chợ mới nộp chỗ nào": "ask_procedure",
    "cha tôi mất, báo tử ở đâu": "ask_procedure",
    "đăng ký hộ kinh doanh ở Châu Đốc": "ask_procedure",
    "không đội nón bảo hiểm phạt bao nhiêu": "ask_law",
    "hủy": "stop",
    "tôi muốn tố cáo": "denounce",
    "cho tôi gặp cán bộ": "handoff",
}


def _labelled() -> list[tuple[str, str]]:
    held = yaml.safe_load(HELDOUT.read_text(encoding="utf-8"))
    return [(str(text), intent) for intent, texts in held.items() for text in texts]


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _read(python: Path, model: Path, texts: list[str]) -> list[str]:
    done = subprocess.run(
        [str(python), "-m", "nlu.parse", "--model", str(model)],
        cwd=ROOT,
        env=environment(PYTHONIOENCODING="utf-8"),
        input="\n".join(texts) + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=True,
    )
    return [json.loads(line)["intent"] for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def readings(python: Path, model: Path) -> dict[str, str]:
    """Text to intent, for every utterance in every spelling, read by one process."""
    plain = [text for text, _ in _labelled()]
    texts = [*plain, *map(fold, plain), *map(_decomposed, plain), *MUST]
    texts = list(dict.fromkeys(texts))
    return dict(zip(texts, _read(python, model, texts), strict=True))


@pytest.mark.parametrize(("spell", "floor"), [(str, 0.92), (fold, 0.89), (_decomposed, 0.92)])
def test_unseen_utterances_are_read_rightly(
    readings: dict[str, str], spell: Callable[[str], str], floor: float
) -> None:
    labelled = _labelled()
    assert len(labelled) >= 240
    wrong = [(text, intent, readings[spell(text)]) for text, intent in labelled if readings[spell(text)] != intent]
    assert 1 - len(wrong) / len(labelled) >= floor, wrong


@pytest.mark.parametrize("text", MUST)
def test_the_questions_that_must_work_are_read_rightly(readings: dict[str, str], text: str) -> None:
    assert readings[text] == MUST[text]
