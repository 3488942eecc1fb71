"""What the supervisor starts, and on which ports."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from motcua.dialogues import forget
from motcua.programs import ports, programs
from motcua.settings import Settings, load
from store.errors import Invalid

MODEL = Path("/models/m.tar.gz")


def made(home: Path, **more: Any) -> Settings:
    return Settings(home=home, **more)


def test_one_of_each_by_default(tmp_path: Path) -> None:
    found = programs(made(tmp_path), MODEL)
    assert [program.name for program in found] == ["rasa", "actions", "app"]
    assert "MOTCUA_BOT__DIALOGUE__URLS" not in found[2].environment
    assert "--gateway" not in found[2].command


def test_several_have_ports_files_and_logs_of_their_own(tmp_path: Path) -> None:
    found = programs(made(tmp_path, rasa={"processes": 3}, bot={"gateways": 2}), MODEL)
    assert [program.name for program in found] == ["rasa", "rasa-2", "rasa-3", "actions", "app", "app-2"]
    assert len({program.log_file for program in found}) == len({program.ready_url for program in found}) == 6
    files = [program.command[program.command.index("--db") + 1] for program in found[:3]]
    assert files == [str(tmp_path / name) for name in ("rasa.db", "rasa-2.db", "rasa-3.db")]
    asked = json.loads(found[4].environment["MOTCUA_BOT__DIALOGUE__URLS"])
    assert [f"{url}/webhooks/motcua/" for url in asked] == [program.ready_url for program in found[:3]]
    assert found[5].command[-2:] == ["--gateway", "2"]
    assert ":8091/" in found[5].ready_url


def test_every_port_is_named_with_its_setting(tmp_path: Path) -> None:
    wanted = ports(made(tmp_path, rasa={"processes": 2}, bot={"gateways": 2}))
    assert [(name, port) for name, _, port in wanted] == [
        ("MOTCUA_BOT__WEB__PORT", 8080),
        ("MOTCUA_BOT__WEB__PRIVATE_PORT", 8081),
        ("MOTCUA_BOT__WEB__PRIVATE_PORT", 8091),
        ("MOTCUA_RASA__PORT", 5005),
        ("MOTCUA_RASA__PORT", 5006),
        ("MOTCUA_ACTIONS__PORT", 5055),
        ("MOTCUA_DESK__CONSOLE__PORT", 8082),
    ]


def test_a_port_that_two_want_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="port 5055 is wanted twice, by MOTCUA_RASA__PORT and MOTCUA_ACTIONS__PORT"):
        ports(made(tmp_path, rasa={"processes": 2, "port": 5054}))


def test_several_front_doors_over_sqlite_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_BOT__GATEWAYS", "2")
    with pytest.raises(Invalid, match=r"MOTCUA_BOT__GATEWAYS is 2.*MOTCUA_STORE__URL"):
        load()
    monkeypatch.setenv("MOTCUA_STORE__URL", "postgresql+asyncpg://motcua@db/motcua")
    assert load().bot.gateways == 2


def test_what_the_dialogue_managers_kept_is_forgotten_in_every_file(tmp_path: Path) -> None:
    for number in (1, 2):
        with closing(sqlite3.connect(made(tmp_path).rasa_file(number))) as kept, kept:
            kept.execute("create table turn (sender text)")
            kept.executemany("insert into turn values (?)", [("a-1",), ("a-2",), ("b-1",)])
    assert forget(tmp_path, ["a", "c"]) == 4
    assert forget(tmp_path, ["a"]) == 0
    assert forget(tmp_path, []) == 0
