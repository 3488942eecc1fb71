"""The script that builds the environments: what it decides, without building any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from motcua import bootstrap
from motcua.bootstrap import Failure, digest, find_python, pip_settings, runs, uv_environment

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def pip_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """pip reads this one file and no other, and uv nothing of the machine's."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name in {"HTTPS_PROXY", "HTTP_PROXY", "SSL_CERT_FILE", "CI"}:
            monkeypatch.delenv(name)
    path = tmp_path / "pip.conf"
    path.write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "nothing"))
    return path


@pytest.fixture(params=["with pip", "without pip"])
def python(request: pytest.FixtureRequest, pip_files: Path, tmp_path: Path) -> str:
    """An interpreter that has pip, and one that has not."""
    if request.param == "without pip":
        return str(_script(tmp_path / "bare" / "python", "No module named pip", 1))
    base = Path(sys.base_prefix) / "bin" / f"python{THIS}"
    if (
        not base.exists()
        or subprocess.run([base, "-m", "pip", "--version"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"{base} has no pip")
    return str(base)


def _script(path: Path, says: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_an_interpreter_of_the_wanted_version_runs() -> None:
    assert runs(sys.executable, THIS)
    assert not runs(sys.executable, "2.7")


@pytest.mark.parametrize(
    ("says", "status"),
    [("", 0), ("3.11 cpython", 1), ("3.11 pypy", 0), ("pyenv: command not found", 127), ("3.10 cpython", 0)],
)
def test_what_only_looks_like_one_does_not_run(tmp_path: Path, says: str, status: int) -> None:
    assert not runs(str(_script(tmp_path / "python3.11", says, status)), "3.11")


def test_nothing_and_a_folder_do_not_run(tmp_path: Path) -> None:
    assert not runs(str(tmp_path / "nothing"), "3.11")
    assert not runs(str(tmp_path), "3.11")


def test_the_interpreter_is_looked_for_on_the_path_past_shims_that_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _script(tmp_path / "shims" / "python3.99", "pyenv: python3.99: command not found", 127)
    good = _script(tmp_path / "bin" / "python3.99", "3.99 cpython")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}{os.pathsep}{good.parent}{os.pathsep}{os.environ['PATH']}")
    assert find_python("3.99") == str(good)


def test_the_one_that_the_environment_names_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_path = _script(tmp_path / "bin" / "python3.99", "3.99 cpython")
    own = _script(tmp_path / "own" / "python", "3.99 cpython")
    monkeypatch.setenv("PATH", f"{on_path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MOTCUA_PYTHON399", str(own))
    assert find_python("3.99") == str(own)


def test_a_wrong_one_that_the_environment_names_is_said_and_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOTCUA_PYTHON399", str(_script(tmp_path / "python", "3.98 cpython")))
    with pytest.raises(Failure, match=r"MOTCUA_PYTHON399 .* CPython 3\.99"):
        find_python("3.99")


def test_one_of_pyenv_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _script(tmp_path / "versions" / "3.99.1" / "bin" / "python3.99", "broken", 1)
    good = _script(tmp_path / "versions" / "3.99.0" / "bin" / "python3.99", "3.99 cpython")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_python("3.99") == str(good)


def test_without_any_the_version_is_left_to_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_python("3.99") == "3.99"


def test_pips_configuration_is_read(python: str, pip_files: Path) -> None:
    pip_files.write_text(
        "[global]\nindex-url = https://pypi.example.org/simple?a=b\ntimeout = 99\n"
        "[install]\nfind-links =\n    https://wheels.example.org/cpu\n    /opt/wheels\n"
        "[download]\nindex-url = https://not.for.us/\n"
    )
    found = pip_settings(python)
    assert found["index-url"] == "https://pypi.example.org/simple?a=b"
    assert found["timeout"] == "99"
    assert found["find-links"].split() == ["https://wheels.example.org/cpu", "/opt/wheels"]


def test_the_environment_wins_over_pips_files(monkeypatch: pytest.MonkeyPatch, python: str, pip_files: Path) -> None:
    pip_files.write_text("[global]\nindex-url = https://from.file/simple\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://from.environment/simple")
    assert pip_settings(python)["index-url"] == "https://from.environment/simple"


def test_without_pip_a_damaged_file_is_passed_over(
    pip_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_files.write_text("index-url = no section here")
    assert "index-url" not in pip_settings(_script(tmp_path / "python", "No module named pip", 1))
    assert "pip.conf cannot be read" in capsys.readouterr().out


def test_pips_files_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, python: str, tmp_path: Path) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE")
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip" / "pip.conf").write_text("[global]\nindex-url = https://from.file/simple\n")
    assert pip_settings(python)["index-url"] == "https://from.file/simple"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert "index-url" not in pip_settings(python)


def test_uv_gets_what_pip_is_configured_to_use(python: str, pip_files: Path) -> None:
    pip_files.write_text(
        "[global]\nindex-url = https://pypi.example.org/simple\nextra-index-url = https://more.example.org/simple\n"
        "find-links = https://wheels.example.org/cpu\n    /opt/wheels\ncert = /etc/ssl/own.pem\n"
        "trusted-host = pypi.example.org\nproxy = http://proxy.example.org:3128\n"
    )
    env = uv_environment(python)
    assert env["UV_DEFAULT_INDEX"] == "https://pypi.example.org/simple"
    assert env["UV_INDEX"] == "https://more.example.org/simple"
    assert env["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert env["UV_FIND_LINKS"] == "https://wheels.example.org/cpu,/opt/wheels"
    assert env["SSL_CERT_FILE"] == "/etc/ssl/own.pem"
    assert env["UV_INSECURE_HOST"] == "pypi.example.org"
    assert env["HTTPS_PROXY"] == "http://proxy.example.org:3128"
    assert "UV_NO_INDEX" not in env


def test_no_index_is_passed_on(python: str, pip_files: Path) -> None:
    pip_files.write_text("[global]\nno-index = true\nfind-links = /opt/wheels\n")
    env = uv_environment(python)
    assert env["UV_NO_INDEX"] == "1"
    assert env["UV_FIND_LINKS"] == "/opt/wheels"


def test_without_a_configuration_uv_is_left_to_itself(python: str, pip_files: Path) -> None:
    env = uv_environment(python)
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INDEX_STRATEGY"} & set(env)
    assert env["UV_COMPILE_BYTECODE"] == "1"
    assert env["UV_HTTP_TIMEOUT"] == "180"


def test_what_is_set_for_uv_itself_stays(monkeypatch: pytest.MonkeyPatch, python: str, pip_files: Path) -> None:
    pip_files.write_text("[global]\nindex-url = https://from.pip/simple\nfind-links = /opt/wheels\n")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://from.uv/simple")
    monkeypatch.setenv("VIRTUAL_ENV", "/some/where")
    env = uv_environment(python)
    assert env["UV_DEFAULT_INDEX"] == "https://from.uv/simple"
    assert env["UV_FIND_LINKS"] == "/opt/wheels"
    assert "VIRTUAL_ENV" not in env


def test_a_digest_follows_contents_and_not_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same")
    other.write_text("same")
    assert digest(one) == digest(other)
    other.write_text("different")
    assert digest(one) != digest(other)
    assert digest(one, "3.11") != digest(one, "3.10")
    assert digest(tmp_path / "missing") != digest("")


class Uv:
    """A stand-in for uv: notes how it was called and makes the folder as uv would."""

    def __init__(self, folder: Path) -> None:
        self.calls = folder / "calls"
        self.path = folder / "uv"
        self.path.write_text(
            f'#!/bin/sh\necho "$@" >> {self.calls}\n'
            'if [ "$1" = venv ]; then for folder; do :; done; rm -rf "$folder"; mkdir -p "$folder/bin"; '
            f'ln -s {sys.executable} "$folder/bin/python"; fi\n'
            f'[ "$1" != "$(cat {folder}/fails 2>/dev/null)" ]\n'
        )
        self.path.chmod(0o755)
        self.fails = folder / "fails"

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Uv:
    """A small project with three locks, and the stand-in."""
    (tmp_path / "locks").mkdir()
    for name in ("app", "dev", "rasa"):
        (tmp_path / "locks" / f"{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return Uv(tmp_path)


def _build(uv: Uv, lock: str = "locks/app.txt", editable: bool = True) -> None:
    bootstrap.build(str(uv.path), dict(os.environ), bootstrap.ROOT / ".venv", THIS, lock, editable)


def test_an_environment_is_built_once(uv: Uv) -> None:
    _build(uv)
    assert [call.split()[0] for call in uv.called()] == ["venv", "pip", "pip"]
    assert f"-r {bootstrap.ROOT / 'locks' / 'app.txt'}" in uv.called()[1]
    assert "--editable" in uv.called()[2]
    _build(uv)
    assert len(uv.called()) == 3


@pytest.mark.parametrize("change", ["locks/app.txt", "pyproject.toml"])
def test_it_is_built_again_when_its_inputs_change(uv: Uv, change: str) -> None:
    _build(uv)
    (bootstrap.ROOT / change).write_text("changed\n")
    _build(uv)
    assert len(uv.called()) == 6


def test_it_is_built_again_when_its_interpreter_is_gone(uv: Uv) -> None:
    _build(uv)
    (bootstrap.ROOT / ".venv" / "bin" / "python").unlink()
    (bootstrap.ROOT / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    _build(uv)
    assert len(uv.called()) == 6


def test_what_the_tests_need_serves_the_program_too_but_not_the_other_way(uv: Uv) -> None:
    _build(uv, "locks/dev.txt")
    _build(uv, "locks/app.txt")
    assert len(uv.called()) == 3
    (bootstrap.ROOT / "locks" / "app.txt").write_text("app==2\n")
    _build(uv, "locks/app.txt")
    _build(uv, "locks/dev.txt")
    assert len(uv.called()) == 9


def test_a_failed_step_says_so_and_is_done_again_next_time(uv: Uv) -> None:
    uv.fails.write_text("pip")
    with pytest.raises(Failure, match=r"installing locks/app\.txt failed"):
        _build(uv)
    uv.fails.write_text("venv")
    with pytest.raises(Failure, match=f"no CPython {THIS}"):
        _build(uv)
    uv.fails.unlink()
    _build(uv)
    assert uv.called()[-1].startswith("pip install")


def test_it_starts_with_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "motcua" / "bootstrap.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "--browser" in done.stdout
