"""One trained model, one fake action server and one real Rasa for all tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.nlu.fake_actions import FakeActions
from tests.integration.nlu.talk import Talk
from tests.support.rasa import RasaServer, rasa_python, trained_model


@pytest.fixture(scope="session")
def python() -> Path:
    """The Rasa environment's interpreter."""
    found = rasa_python()
    if found is None:
        pytest.skip("no Rasa environment: set MOTCUA_RASA_PYTHON or build .venv-rasa (make install)")
    return found


@pytest.fixture(scope="session")
def model(python: Path) -> Path:
    """The model for the present inputs."""
    return trained_model(python)


@pytest.fixture(scope="session")
async def shared_actions(python: Path) -> AsyncIterator[FakeActions]:
    """The action server of the session."""
    async with FakeActions() as fake:
        yield fake


@pytest.fixture
async def actions(shared_actions: FakeActions) -> AsyncIterator[FakeActions]:
    """The action server, without faults; afterwards every call must have been one that the SDK takes."""
    shared_actions.reset()
    yield shared_actions
    assert not shared_actions.broken


@pytest.fixture(scope="session")
def server(
    python: Path, model: Path, shared_actions: FakeActions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RasaServer]:
    """The Rasa that most tests share."""
    extra = {"MOTCUA_RASA_BUSY_SECONDS": "0.5", "MOTCUA_RASA_COMPACT_AFTER": "40"}
    running = RasaServer(python, model, tmp_path_factory.mktemp("rasa"), shared_actions.url, extra)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_server(
    python: Path, model: Path, shared_actions: FakeActions, tmp_path: Path
) -> Iterator[Callable[..., RasaServer]]:
    """Makes servers that a test may break; they are not started."""
    made: list[RasaServer] = []

    def make(**extra: str) -> RasaServer:
        made.append(RasaServer(python, model, tmp_path, shared_actions.url, extra))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture(scope="session")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client without a limit of connections."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as client:
        yield client


@pytest.fixture
def talk(server: RasaServer, actions: FakeActions, session: aiohttp.ClientSession) -> Talk:
    """A new conversation with the shared Rasa."""
    return Talk(server, session)
