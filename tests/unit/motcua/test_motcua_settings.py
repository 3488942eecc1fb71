"""Settings: where they are read from, and that a wrong one is said in a sentence."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from typer.testing import CliRunner

from motcua.cli import app
from motcua.settings import ROOT, Settings, load, secret
from store.errors import Invalid


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MOTCUA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_has_a_value_and_nothing_faces_the_network() -> None:
    settings = load()
    assert settings.home == ROOT / "var"
    assert settings.database_url == f"sqlite+aiosqlite:///{ROOT / 'var' / 'motcua.db'}"
    hosts = {
        settings.bot.web.host,
        settings.bot.web.private_host,
        settings.rasa.host,
        settings.actions.host,
    }
    assert hosts == {"127.0.0.1"}
    assert settings.bot.telegram.token is None


def test_the_environment_is_read_with_two_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_BOT__WEB__PORT", "9000")
    monkeypatch.setenv("MOTCUA_STORE__URL", "postgresql+asyncpg://u@h/x")
    monkeypatch.setenv("MOTCUA_LOG_LEVEL", "DEBUG")
    settings = load()
    assert settings.bot.web.port == 9000
    assert settings.bot.web.host == "127.0.0.1"
    assert settings.database_url == "postgresql+asyncpg://u@h/x"
    assert settings.log_level == "DEBUG"


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\nMOTCUA_BOT__WEB__PORT=9000\nMOTCUA_RASA__PORT=6000\nSOMETHING_ELSE=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("MOTCUA_BOT__WEB__PORT", "9001")
    settings = load()
    assert settings.bot.web.port == 9001
    assert settings.rasa.port == 6000


def test_the_data_folder_is_absolute_since_processes_run_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOTCUA_HOME", "here")
    assert load().home == tmp_path / "here"
    monkeypatch.setenv("MOTCUA_HOME", "~/there")
    assert load().home == Path.home() / "there"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOTCUA_BOT__WEB__PORT", "many"),
        ("MOTCUA_BOT__WEB__PORT", "-1"),
        ("MOTCUA_BOT__WEB__PORT", "70000"),
        ("MOTCUA_RASA__PORT", "0"),
        ("MOTCUA_LOG_LEVEL", "LOUD"),
        ("MOTCUA_KNOWLEDGE__DIMS", "3"),
        ("MOTCUA_DESK__PIN_ATTEMPTS_AN_HOUR", "0"),
        ("MOTCUA_STORE__BUSY_TIMEOUT_S", "0"),
        ("MOTCUA_BOT__WORKER__CONCURRENCY", ""),
    ],
)
def test_a_wrong_value_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as refused:
        load()
    assert name in refused.value.message
    assert "environment or in .env" in refused.value.message


@pytest.mark.parametrize("name", ["MOTCUA_STORE", "MOTCUA_BOT__WEB__ALLOWED_ORIGINS", "MOTCUA_BOT"])
def test_a_value_that_should_be_json_and_is_none_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "{not json")
    with pytest.raises(Invalid, match="settings are wrong"):
        load()


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_misspelt_name_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str) -> None:
    if where == "environment":
        monkeypatch.setenv("MOTCUA_BOT__WEB__PROT", "9000")
    else:
        (tmp_path / ".env").write_text("MOTCUA_BOT__WEB__PROT=9000\n")
    with pytest.raises(Invalid, match=r"MOTCUA_BOT__WEB__PROT: did you mean MOTCUA_BOT__WEB__PORT\?"):
        load()


def test_names_that_other_parts_read_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOTCUA_PYTHON311", "MOTCUA_SHARED_DATA", "MOTCUA_CHANNEL_TOKEN"):
        monkeypatch.setenv(name, "x")
    assert load().log_level == "INFO"


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_BOT__WEB__PORT", "many")
    monkeypatch.setenv("MOTCUA_RASA__PORT", "none")
    with pytest.raises(Invalid) as refused:
        load()
    assert "MOTCUA_BOT__WEB__PORT" in refused.value.message
    assert "MOTCUA_RASA__PORT" in refused.value.message


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_BOT__TELEGRAM__TOKEN", "123:hunter2")
    monkeypatch.setenv("MOTCUA_BOT__TELEGRAM__POLL_TIMEOUT_S", "9999")
    with pytest.raises(Invalid) as refused:
        load()
    assert "hunter2" not in refused.value.message
    assert "hunter2" not in repr(Settings.model_construct(desk=load_desk("hunter2")))


def load_desk(word: str) -> BaseModel:
    """A section with a secret in it."""
    from desk.settings import DeskSettings

    return DeskSettings(secret=SecretStr(word))


def _fields(section: type[BaseModel], path: str) -> Iterator[tuple[str, str | None]]:
    for name, field in section.model_fields.items():
        yield f"{path}.{name}", field.description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{path}.{name}")


def test_every_setting_says_what_it_is() -> None:
    fields = list(_fields(Settings, "settings"))
    assert len(fields) > 40
    assert [name for name, text in fields if not text or not text.endswith(".")] == []


def test_the_settings_cannot_be_changed_after_the_start() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().log_level = "DEBUG"


# Secrets


_SECRET_NAME = re.compile(r"(^|_)(secret|token|password|key|keys)$")


def test_what_is_called_a_secret_is_never_shown() -> None:
    named = [
        (name, annotation)
        for name, annotation in _annotations(Settings, "settings")
        if _SECRET_NAME.search(name.rpartition(".")[2])
    ]
    assert len(named) >= 9
    assert [name for name, annotation in named if "SecretStr" not in str(annotation)] == []


def _annotations(section: type[BaseModel], path: str) -> Iterator[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        yield f"{path}.{name}", field.annotation
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _annotations(field.annotation, f"{path}.{name}")


def test_settings_show_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    word = "hunter2" * 6
    for variable in (
        "BOT__WEB__COOKIE_SECRET",
        "BOT__DIALOGUE__TOKEN",
        "BOT__TELEGRAM__TOKEN",
        "BOT__TELEGRAM__WEBHOOK_SECRET",
        "BOT__ZALO_OA__APP_SECRET",
        "BOT__ZALO_OA__OA_SECRET",
        "BOT__ZALO_BOT__TOKEN",
        "BOT__ZALO_BOT__WEBHOOK_SECRET",
        "DESK__SECRET",
    ):
        monkeypatch.setenv(f"MOTCUA_{variable}", word)
    monkeypatch.setenv("MOTCUA_DESK__SEAL_KEYS", f'["{word}"]')
    monkeypatch.setenv("MOTCUA_STORE__URL", f"postgresql+asyncpg://motcua:{word}@db/motcua?password={word}")
    monkeypatch.setenv("MOTCUA_BOT__TELEGRAM__API_URL", f"https://proxy:{word}@api.example/bot123456:{word}")
    for options in ([], ["--json"]):
        shown = CliRunner().invoke(app, ["settings", "show", *options])
        assert shown.exit_code == 0, shown.output
        assert "MOTCUA_BOT__ZALO_OA__OA_SECRET" in shown.output
        assert "hunter2" not in shown.output


# Secrets in files


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("MOTCUA_SECRETS_DIR", str(folder))
    return folder


@pytest.mark.parametrize("name", ["MOTCUA_BOT__TELEGRAM__TOKEN", "motcua_bot__telegram__token"])
def test_a_secret_is_read_from_a_file(secrets: Path, name: str) -> None:
    (secrets / name).write_text("123:abc\n")
    (secrets / "MOTCUA_BOT__ZALO_OA__OA_SECRET").write_text("xyz")
    token = load().bot.telegram.token
    assert token is not None
    assert token.get_secret_value() == "123:abc"
    assert load().bot.zalo_oa.oa_secret == SecretStr("xyz")


def test_the_environment_wins_over_a_file(monkeypatch: pytest.MonkeyPatch, secrets: Path) -> None:
    (secrets / "MOTCUA_BOT__WEB__PORT").write_text("9000")
    monkeypatch.setenv("MOTCUA_BOT__WEB__PORT", "9001")
    assert load().bot.web.port == 9001


def test_a_misspelt_file_of_a_secret_is_not_passed_over(secrets: Path) -> None:
    (secrets / "MOTCUA_BOT__TELEGRAM__TOKN").write_text("x")
    with pytest.raises(Invalid, match="did you mean MOTCUA_BOT__TELEGRAM__TOKEN"):
        load()


def test_a_folder_of_secrets_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOTCUA_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(Invalid, match="MOTCUA_SECRETS_DIR"):
        load()


# Private parts


@pytest.mark.parametrize("name", ["MOTCUA_BOT__WEB__PRIVATE_HOST", "MOTCUA_ACTIONS__HOST", "MOTCUA_RASA__HOST"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "actions"])
def test_a_private_part_does_not_listen_beyond_this_machine_by_mistake(
    monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    monkeypatch.setenv(name, host)
    with pytest.raises(Invalid, match="MOTCUA_PRIVATE_NETWORK") as refused:
        load()
    assert name in refused.value.message
    monkeypatch.setenv("MOTCUA_PRIVATE_NETWORK", "true")
    assert load().beyond_loopback == {name: host}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_is_allowed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MOTCUA_BOT__WEB__PRIVATE_HOST", host)
    assert load().beyond_loopback == {}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings with the data folder in the test's folder."""
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path / "var"))
    return load()


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(settings: Settings) -> None:
    made = secret(settings, "pin", None).get_secret_value()
    assert len(made) >= 43
    assert secret(settings, "pin", SecretStr("")).get_secret_value() == made
    path = settings.home / "pin.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in settings.home.iterdir()] == ["pin.key"]


def test_a_secret_that_is_set_wins_and_is_not_written(settings: Settings) -> None:
    assert secret(settings, "pin", SecretStr("mine")).get_secret_value() == "mine"
    assert not settings.home.exists()


def test_two_secrets_differ(settings: Settings) -> None:
    assert secret(settings, "a", None).get_secret_value() != secret(settings, "b", None).get_secret_value()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_damaged_secret_is_refused_and_not_replaced(settings: Settings, content: bytes) -> None:
    settings.home.mkdir()
    (settings.home / "pin.key").write_bytes(content)
    with pytest.raises(Invalid, match=r"pin\.key"):
        secret(settings, "pin", None)
    assert (settings.home / "pin.key").read_bytes() == content


def test_many_at_once_get_the_same_secret(settings: Settings) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: secret(settings, "pin", None).get_secret_value(), range(64)))
    assert len(set(made)) == 1
    assert made[0]


def test_processes_at_once_get_the_same_secret(settings: Settings, tmp_path: Path) -> None:
    script = "from motcua.settings import load, secret; print(secret(load(), 'pin', None).get_secret_value())"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = {process.communicate()[0].strip() for process in started}
    assert len(said) == 1
    assert said != {""}
