"""The command line when something is wrong: one sentence on standard error, a status of its own, no traceback."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from motcua.settings import load, secret
from tests.integration.motcua.conftest import Run

ROOT = Path(__file__).resolve().parents[3]


def test_a_wrong_setting_is_a_sentence(motcua: Run) -> None:
    done = motcua("case", "show", "MC-234567", MOTCUA_BOT__WEB__PORT="many")
    assert done.code == 2
    assert done.err.startswith("motcua: ")
    assert "MOTCUA_BOT__WEB__PORT" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:///x.db", "sqlite+aiosqlite://", "postgresql+asyncpg//u:hunter2@h/x"]
)
def test_a_wrong_address_of_the_database_is_a_sentence(motcua: Run, url: str) -> None:
    done = motcua("case", "show", "MC-234567", MOTCUA_STORE__URL=url)
    assert done.code == 2
    assert "MOTCUA_STORE__URL" in done.err
    assert "hunter2" not in done.err


def test_a_database_that_is_none_is_a_sentence(motcua: Run, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all " * 100)
    for path in (tmp_path / "x.db", tmp_path):
        done = motcua("case", "show", "MC-234567", MOTCUA_STORE__URL=f"sqlite+aiosqlite:///{path}")
        assert done.code == 5
        assert "database cannot be used" in done.err
        assert "Traceback" not in done.err


def test_a_database_that_does_not_answer_is_a_sentence(motcua: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql+asyncpg://u:hunter2@127.0.0.1:{taken.getsockname()[1]}/x"
        done = motcua("case", "show", "MC-234567", MOTCUA_STORE__URL=url, MOTCUA_STORE__WAIT_S="0.6")
    assert done.code == 5
    assert "database cannot be used" in done.err
    assert "hunter2" not in done.err


def test_a_data_folder_that_cannot_be_one_is_a_sentence(motcua: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = motcua("case", "show", "MC-234567", home=tmp_path / "file")
    assert done.code == 2
    assert "MOTCUA_HOME" in done.err


def test_rasas_environment_is_missed_with_what_to_do(motcua: Run, tmp_path: Path) -> None:
    done = motcua("train", MOTCUA_RASA__PYTHON=str(tmp_path / "nothing"))
    assert done.code == 5
    assert "make install" in done.err


def test_a_port_that_is_taken_is_named_before_anything_starts(motcua: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = motcua("up", MOTCUA_BOT__WEB__PORT=str(taken.getsockname()[1]))
    assert done.code == 4
    assert "MOTCUA_BOT__WEB__PORT" in done.err


def test_a_second_one_over_the_same_data_folder_is_refused(motcua: Run, tmp_path: Path) -> None:
    home = tmp_path / "var"
    home.mkdir()
    with (home / "up.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = motcua("up")
    assert done.code == 4
    assert "already runs" in done.err


def test_a_process_started_as_a_module_ends_with_the_same_codes(tmp_path: Path) -> None:
    environment = {**os.environ, "MOTCUA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "motcua", "case", "show", "MC-234567"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("motcua: ")


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from motcua import cli
        from motcua.cli import case

        # Whoever started the tests in the background left Ctrl-C ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        async def stopped(*_):
            os.kill(os.getpid(), signal.SIGINT)
            import asyncio
            await asyncio.sleep(60)

        from desk.cases import Cases
        Cases.show = stopped
        sys.argv = ["motcua", "case", "show", "MC-234567"]
        cli.main()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "MOTCUA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr


def test_the_secret_of_the_pins_is_made_with_the_first_command(motcua: Run, tmp_path: Path) -> None:
    motcua("case", "show", "MC-234567")
    key = (tmp_path / "var" / "pin.key").read_text()
    motcua("case", "show", "MC-234567")
    assert (tmp_path / "var" / "pin.key").read_text() == key
    assert secret(load(), "pin", None).get_secret_value() == key.strip()
