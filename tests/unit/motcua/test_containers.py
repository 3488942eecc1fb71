"""The containers' settings: each exists, and each service of ours would start with its own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from motcua.settings import Settings, _names, load

DOCKER = Path(__file__).parent.parent.parent.parent / "docker"
# Read by docker compose and by Rasa's credentials.yml.
ELSEWHERE = {"MOTCUA_TOKEN", "MOTCUA_CHANNEL_TOKEN"}
_NAME = re.compile(r"MOTCUA_[A-Z_]+")
_GIVEN = re.compile(r"\$\{[^}]*\}")


def services(*files: str) -> dict[str, dict[str, str]]:
    """The environment of each service, later files over earlier ones."""
    found: dict[str, dict[str, str]] = {}
    for file in files:
        content: dict[str, Any] = yaml.safe_load((DOCKER / file).read_text())
        for name, service in content["services"].items():
            found.setdefault(name, {}).update(service.get("environment", {}))
    return found


COMPOSED = {
    f"{files[-1]} {name}": environment
    for files in (("compose.yml",), ("compose.yml", "compose.postgresql.yml"))
    for name, environment in services(*files).items()
    if name.startswith(("app", "actions"))
}


@pytest.mark.parametrize("file", sorted(path.name for path in DOCKER.iterdir()))
def test_every_setting_that_a_container_is_given_exists(file: str) -> None:
    named = set(_NAME.findall((DOCKER / file).read_text()))
    assert named <= {*_names(Settings, "MOTCUA_"), *ELSEWHERE}


@pytest.mark.parametrize("service", COMPOSED)
def test_a_service_takes_its_settings(service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MOTCUA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in COMPOSED[service].items():
        monkeypatch.setenv(name, _GIVEN.sub("given", value))
    assert load().private_network
