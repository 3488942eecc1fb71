"""`motcua up` runs everything on one machine; `motcua train` trains the dialogue model."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv

from desk import staff
from motcua import logs
from motcua.cli._shared import console, parts, progress, run
from motcua.programs import ports, programs
from motcua.settings import ROOT, Settings, load
from motcua.supervisor import Supervisor
from store.errors import Conflict, Unavailable

READY_S = 180.0


def up(
    ready_s: Annotated[float, typer.Option(help="Seconds that the start may take.")] = READY_S,
) -> None:
    """Start the chatbot on this machine: dialogue manager, actions and front door, restarted when they die.

    Before that the database is migrated, the starter catalogue published if none is live, and the dialogue model
    trained if what it is made from has changed. Ctrl-C stops everything.
    """
    settings = load()
    # The processes run in the program's own folder and would not find a .env of this one.
    load_dotenv(".env")
    logs.configure("WARNING")
    settings.home.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.home / "up.lock"):
        _check_ports(settings)
        started = time.monotonic()
        has_staff = run(_prepare(settings))
        model = _train(settings)
        console.print("starting the processes …")
        run(_supervise(settings, model, ready_s, started, has_staff))
    console.print("stopped.")


def train() -> None:
    """Train the dialogue model if its configuration, data or code changed since the last time."""
    console.print(str(_train(load())))


async def _prepare(settings: Settings) -> bool:
    """Make what the processes need; tells whether anybody can sign in to the console."""
    async with parts(settings) as made:
        with progress(not sys.stderr.isatty()) as tell:
            version = await made.catalogue.ensure_live(progress=tell)
        if version is not None:
            console.print(f"published {version.source}: {version.procedures} procedures", markup=False)
        return any(person.disabled_at is None for person in await staff.list_(made.database))


def _train(settings: Settings) -> Path:
    _check_rasa(settings)
    command = [str(settings.rasa.python), "-m", "nlu.train", "--models", str(settings.models), "--print-path"]
    log = settings.logs / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        checked = subprocess.run([*command, "--check"], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, check=False)
        if checked.returncode:
            console.print("training the dialogue model (about half a minute) …")
            checked = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, check=False)
    lines = checked.stdout.decode().strip().splitlines()
    if checked.returncode or not lines or not Path(lines[-1]).is_file():
        raise Unavailable(f"training failed; its log says why: {log}")
    return Path(lines[-1])


async def _supervise(settings: Settings, model: Path, ready_s: float, started: float, has_staff: bool) -> None:
    supervisor = Supervisor(programs(settings, model), ROOT)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    web = settings.bot.web

    def ready() -> None:
        console.print(f"ready after {time.monotonic() - started:.0f} s", markup=False)
        console.print(f"  web chat   http://{_reachable(web.host)}:{web.port}/", markup=False)
        for number in range(1, settings.bot.gateways + 1):
            private = f"{_reachable(web.private_host)}:{settings.bot.private_port(number)}"
            console.print(f"  health     http://{private}/health/ready", markup=False)
        pages = settings.desk.console
        if pages.enabled:
            console.print(f"  console    http://{_reachable(pages.host)}:{pages.port}/", markup=False)
        if pages.enabled and not has_staff:
            console.print(
                "             nobody can sign in yet; make the first administrator with\n"
                "             motcua staff add NAME --role administrator",
                markup=False,
            )
        if settings.bot.telegram.token:
            console.print("  Telegram   polling", markup=False)
        console.print(f"  logs       {settings.logs}", markup=False)
        console.print("Ctrl-C stops everything.")

    await supervisor.run(ready_s=ready_s, on_ready=ready)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "motcua already runs over this data folder; stop it first, or set MOTCUA_HOME to another folder"
            ) from None
        yield


def _check_rasa(settings: Settings) -> None:
    if not os.access(settings.rasa.python, os.X_OK):
        raise Unavailable(f"Rasa's environment is not there ({settings.rasa.python}); build it with `make install`")


def _check_ports(settings: Settings) -> None:
    for name, host, port in ports(settings):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise Conflict(
                    f"{host}:{port} cannot be used ({error.strerror}); set {name} to another value"
                ) from None


def _reachable(host: str) -> str:
    return "localhost" if host in {"0.0.0.0", "::", "127.0.0.1"} else host  # noqa: S104
