"""The processes of the program on one machine, and the ports they take."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from motcua.settings import Settings
from motcua.supervisor import Program
from store.errors import Invalid


def programs(settings: Settings, model: Path) -> list[Program]:
    """The processes of the program, as the supervisor starts them.

    Args:
        model: file of the dialogue model.
    """
    # Without bytecode Rasa starts 14 s slower; the environments carry theirs, ours is written on the first run.
    shared = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "1"}
    own = {**shared, "MOTCUA_HOME": str(settings.home)}
    if settings.rasa.processes > 1:
        own["MOTCUA_BOT__DIALOGUE__URLS"] = json.dumps([_rasa_url(settings, n) for n in _dialogues(settings)])
    actions = f"http://{settings.actions.host}:{settings.actions.port}"
    web = settings.bot.web
    token = settings.bot.dialogue.token
    rasa = {**shared, "MOTCUA_CHANNEL_TOKEN": token.get_secret_value() if token else ""}
    dialogue = [str(settings.rasa.python), "-m", "nlu.serve", "--model", str(model)]
    dialogue += ["--interface", settings.rasa.host, "--actions-url", f"{actions}/webhook"]
    return [
        *(
            Program(
                _named("rasa", number),
                [*dialogue, "--port", str(settings.rasa.port + number - 1), "--db", str(settings.rasa_file(number))],
                f"{_rasa_url(settings, number)}/webhooks/motcua/",
                settings.logs / f"{_named('rasa', number)}.log",
                rasa,
            )
            for number in _dialogues(settings)
        ),
        Program(
            "actions",
            [sys.executable, "-m", "motcua", "serve-actions"],
            f"{actions}/health",
            settings.logs / "actions.log",
            own,
        ),
        *(
            Program(
                _named("app", number),
                [sys.executable, "-m", "motcua", "serve-app", *(["--gateway", str(number)] if number > 1 else [])],
                f"http://{web.private_host}:{settings.bot.private_port(number)}/health/live",
                settings.logs / f"{_named('app', number)}.log",
                own,
            )
            for number in range(1, settings.bot.gateways + 1)
        ),
    ]


def ports(settings: Settings) -> list[tuple[str, str, int]]:
    """Every port that will be listened on: the setting that names it, address, number.

    Raises:
        Invalid: two of them are the same.
    """
    found = list(_ports(settings))
    taken: dict[int, str] = {}
    for name, _, port in found:
        if port and port in taken:
            raise Invalid(f"port {port} is wanted twice, by {taken[port]} and {name}; set one of them to another value")
        taken[port] = name
    return found


def _ports(settings: Settings) -> Iterator[tuple[str, str, int]]:
    web = settings.bot.web
    yield "MOTCUA_BOT__WEB__PORT", web.host, web.port
    for number in range(1, settings.bot.gateways + 1):
        yield "MOTCUA_BOT__WEB__PRIVATE_PORT", web.private_host, settings.bot.private_port(number)
    for number in _dialogues(settings):
        yield "MOTCUA_RASA__PORT", settings.rasa.host, settings.rasa.port + number - 1
    yield "MOTCUA_ACTIONS__PORT", settings.actions.host, settings.actions.port
    pages = settings.desk.console
    if pages.enabled:
        yield "MOTCUA_DESK__CONSOLE__PORT", pages.host, pages.port


def _dialogues(settings: Settings) -> range:
    return range(1, settings.rasa.processes + 1)


def _named(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _rasa_url(settings: Settings, number: int) -> str:
    return f"http://{settings.rasa.host}:{settings.rasa.port + number - 1}"
