"""`motcua staff`: accounts of the console from the command line, and the console beside the front door."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.integration.motcua.conftest import Run
from tests.support.stack import ROOT, free_ports

PASSWORD = "một mật khẩu đủ dài"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password on standard input, a line for each command."""

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n" * 20))


@pytest.mark.usefixtures("typed")
def test_accounts_are_made_listed_changed_and_shut(motcua: Run) -> None:
    assert "motcua staff add" in motcua("staff", "list").out
    done = motcua("staff", "add", "Lan.Nguyen", "--role", "administrator", "--json")
    assert done.code == 0, done.err
    assert done.json["name"] == "lan.nguyen"
    assert motcua("staff", "add", "hoa", "--role", "catalogue_editor", "--role", "catalogue_approver").code == 0
    assert motcua("staff", "add", "hoa", "--role", "administrator").code == 4
    assert motcua("staff", "roles", "hoa", "--role", "catalogue_editor", "--json").json["roles"] == ["catalogue_editor"]
    assert motcua("staff", "password", "hoa").code == 0
    assert motcua("staff", "disable", "lan.nguyen").code == 4
    assert motcua("staff", "disable", "hoa").code == 0
    listed = motcua("staff", "list", "--json")
    assert [(one["name"], one["disabled_at"] is not None) for one in listed.json] == [
        ("hoa", True),
        ("lan.nguyen", False),
    ]
    assert PASSWORD not in listed.out
    assert "disabled" in motcua("staff", "list").out
    assert [one["what"] for one in motcua("staff", "history", "--json").json][:2] == ["disabled", "password_set"]
    assert "catalogue_editor" in motcua("staff", "history").out


@pytest.mark.usefixtures("typed")
def test_staff_work_for_a_unit_or_the_whole_province(motcua: Run) -> None:
    done = motcua("staff", "add", "lan", "--role", "officer", "--unit", "kstthc", "--reviewed", "--json")
    assert (done.json["unit"], done.json["reviewed"]) == ("kstthc", True)
    assert motcua("staff", "unit", "lan", "cong-vu", "--json").json["unit"] == "cong-vu"
    assert "province" in motcua("staff", "unit", "lan").out
    assert motcua("staff", "unit", "lan", "khong-co").code == 3
    assert motcua("staff", "totp-reset", "lan").code == 0
    assert motcua("staff", "unlock", "lan").code == 0
    assert motcua("staff", "disable", "lan").code == 0
    assert motcua("staff", "enable", "lan").code == 0
    assert "no second factor" in motcua("staff", "list").out
    said = [one["what"] for one in motcua("staff", "history", "--json").json]
    assert said[:4] == ["enabled", "disabled", "unlocked", "second_factor_reset"]


def test_units_are_listed_made_renamed_and_ended(motcua: Run) -> None:
    listed = motcua("unit", "list", "--json").json
    assert len(listed) == 105
    assert listed[0]["code"] == "kstthc"
    assert "xa-30313" in motcua("unit", "list").out
    made = motcua("unit", "add", "so-tu-phap", "Sở [/b] Tư pháp", "--json")
    assert made.json["name"] == "Sở [/b] Tư pháp"
    assert "Sở [/b] Tư pháp" in motcua("unit", "list").out
    assert motcua("unit", "add", "so-tu-phap", "Sở Tư pháp").code == 4
    assert motcua("unit", "add", "sở", "Sở Tư pháp").code == 2
    assert motcua("unit", "add", "so", "Sở Tư pháp", "--place", "1").code == 2
    assert motcua("unit", "rename", "so-tu-phap", "Sở Tư pháp").out.strip() == "so-tu-phap: Sở Tư pháp"
    assert motcua("unit", "end", "so-tu-phap", "--json").json["ended_at"] is not None
    assert motcua("unit", "end", "kstthc").code == 4
    assert motcua("unit", "end", "khong-co").code == 3
    assert len(motcua("unit", "list", "--json").json) == 105
    assert len(motcua("unit", "list", "--all", "--json").json) == 106


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "lan"), 2),
        (("add", "lan", "--role", "king"), 2),
        (("add", "Lan Nguyễn", "--role", "administrator"), 2),
        (("roles", "nobody", "--role", "administrator"), 3),
        (("password", "nobody"), 3),
        (("disable", "nobody"), 3),
        (("enable", "nobody"), 3),
        (("unlock", "nobody"), 3),
        (("totp-reset", "nobody"), 3),
        (("unit", "nobody"), 3),
        (("add", "lan", "--role", "officer", "--unit", "khong-co"), 3),
    ],
)
@pytest.mark.usefixtures("typed")
def test_what_cannot_be_done_is_said(motcua: Run, arguments: tuple[str, ...], code: int) -> None:
    done = motcua("staff", *arguments)
    assert done.code == code
    assert done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("given", ["", "\n", "ngắn\n"])
def test_without_a_usable_password_no_account_is_made(motcua: Run, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    assert motcua("staff", "add", "lan", "--role", "administrator").code == 2
    assert motcua("staff", "list", "--json").json == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_console_runs_beside_the_front_door_and_closes_with_it(tmp_path: Path, enabled: bool) -> None:
    web, private, console = free_ports(3)
    environment = {
        **os.environ,
        "MOTCUA_HOME": str(tmp_path / "var"),
        "MOTCUA_BOT__WEB__PORT": str(web),
        "MOTCUA_BOT__WEB__PRIVATE_PORT": str(private),
        "MOTCUA_DESK__CONSOLE__PORT": str(console),
        "MOTCUA_DESK__CONSOLE__ENABLED": json.dumps(enabled),
    }
    log = tmp_path / "app.log"
    with log.open("wb") as output:
        app = subprocess.Popen(
            [sys.executable, "-m", "motcua", "serve-app"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        # A generous end for a loaded machine; what is looked at is who answers.
        end = time.monotonic() + 120
        while _status(f"http://127.0.0.1:{private}/health/live") != 200:
            assert app.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        assert _status(f"http://127.0.0.1:{console}/sign-in") == (200 if enabled else None)
    finally:
        app.send_signal(signal.SIGTERM)
        status = app.wait(60)
    assert status == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert _status(f"http://127.0.0.1:{console}/sign-in") is None


def _status(url: str) -> int | None:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
