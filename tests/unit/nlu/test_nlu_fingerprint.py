"""A model belongs to its inputs: the hash in its name changes with every one of them and with nothing else."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import pytest

from nlu import train

VERSIONS = {"rasa": "3.6.21", "scikit-learn": "1.1.3", "numpy": "1.23.5"}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the inputs."""
    monkeypatch.setattr(metadata, "version", VERSIONS.__getitem__)
    for path in train.inputs():
        copy = tmp_path / path.relative_to(train.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def test_the_hash_is_the_same_for_the_same_inputs_elsewhere(tree: Path) -> None:
    assert train.fingerprint(tree) == train.fingerprint()


@pytest.mark.parametrize(
    "name",
    [
        "config.yml",
        "nlu/domain/domain.yml",
        "nlu/data/rules.yml",
        "nlu/components/context.py",
        "nlu/reading.py",
        "knowledge/text.py",
    ],
)
def test_a_change_of_any_input_changes_the_hash(tree: Path, name: str) -> None:
    before = train.fingerprint(tree)
    with (tree / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert train.fingerprint(tree) != before


def test_a_new_file_and_a_renamed_one_change_the_hash(tree: Path) -> None:
    before = train.fingerprint(tree)
    (tree / "nlu" / "data" / "more.yml").write_text("version: '3.1'\n", encoding="utf-8")
    added = train.fingerprint(tree)
    (tree / "nlu" / "data" / "more.yml").rename(tree / "nlu" / "data" / "other.yml")
    assert len({before, added, train.fingerprint(tree)}) == 3


def test_another_library_changes_the_hash(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = train.fingerprint(tree)
    monkeypatch.setattr(metadata, "version", {**VERSIONS, "rasa": "3.6.20"}.__getitem__)
    assert train.fingerprint(tree) != before


def test_what_is_no_input_changes_nothing(tree: Path) -> None:
    before = train.fingerprint(tree)
    (tree / "nlu" / "channel.py").write_text("", encoding="utf-8")
    (tree / "README.md").write_text("", encoding="utf-8")
    assert train.fingerprint(tree) == before


def test_check_says_that_the_model_is_missing(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--models", str(tmp_path / "none"), "--check"]) == train.EXIT_STALE
    assert "python -m nlu.train" in capsys.readouterr().out


def test_a_model_that_is_there_is_not_trained_again(tree: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    model = train.model_path(models)
    model.write_bytes(b"as it was")
    assert train.main(["--models", str(models)]) == 0
    assert model.read_bytes() == b"as it was"
