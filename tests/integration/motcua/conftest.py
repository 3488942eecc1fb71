"""The command line in this process, over a data folder with a small catalogue."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from motcua import cli
from store.engine import Database
from store.migrate import upgrade
from tests.support import small_catalogue


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, which must be JSON and nothing else."""
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def live_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the small catalogue live. Tests that change things use an empty one."""
    folder = tmp_path_factory.mktemp("cli")
    home = folder / "var"
    home.mkdir()

    async def build() -> None:
        database = Database(f"sqlite+aiosqlite:///{home / 'motcua.db'}")
        await upgrade(database)
        await small_catalogue.publish(database, home / "catalogue", folder / "sources")
        await database.close()

    asyncio.run(build())
    return home


@pytest.fixture
def motcua(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs a command over an empty data folder, or over another one."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in list(os.environ):
        if name.startswith("MOTCUA_"):
            monkeypatch.delenv(name)
    for name, value in (("EPOCHS", "1"), ("PAIRS", "2"), ("DIMS", "16")):
        monkeypatch.setenv(f"MOTCUA_KNOWLEDGE__{name}", value)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, home: Path | None = None, **environment: str) -> Done:
        monkeypatch.setenv("MOTCUA_HOME", str(home or tmp_path / "var"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["motcua", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    yield command
    # A command has the logs of this process go to its own standard error, which ends with the test.
    root.handlers[:] = handlers
    root.setLevel(level)
