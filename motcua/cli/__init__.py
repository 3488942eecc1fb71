"""The command line; `motcua --help` lists the commands.

Exit codes: 0 done; 1 failed; 2 wrong input or usage; 3 not found; 4 excluded by something else that runs;
5 a part that is needed does not answer; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from motcua.cli import (
    ask,
    audit,
    case,
    catalogue,
    channel,
    desk,
    letters,
    overlay,
    places,
    privacy,
    serve,
    settings,
    staff,
    unit,
    up,
    zalo,
)
from store.errors import MotcuaError

app = typer.Typer(
    name="motcua",
    help="Một cửa: the chatbot that tells citizens which procedure, where, with which papers, for what fee.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("train")(up.train)
app.command("ask")(ask.ask)
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(overlay.app, name="overlay")
app.add_typer(places.app, name="places")
app.add_typer(case.app, name="case")
app.add_typer(audit.app, name="audit")
app.add_typer(desk.app, name="desk")
app.add_typer(staff.app, name="staff")
app.add_typer(unit.app, name="unit")
app.add_typer(privacy.app, name="privacy")
app.add_typer(channel.app, name="channel")
app.add_typer(letters.app, name="letters")
app.add_typer(zalo.app, name="zalo")
app.add_typer(settings.app, name="settings")
app.command("serve-app", hidden=True)(serve.serve_app)
app.command("serve-actions", hidden=True)(serve.serve_actions)


def main() -> None:
    """Entry of the `motcua` command: runs it and turns errors into a sentence and an exit code."""
    try:
        app(prog_name="motcua")
    except MotcuaError as error:
        Console(stderr=True, highlight=False, soft_wrap=True, emoji=False).print(
            f"motcua: {error.message}", markup=False
        )
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
