"""`motcua channel list|off|on`: switching the bot, or one channel of it, off and on while it runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from desk import switchboard
from desk.switchboard import DEFAULT_BANNER, Switch
from desk.texts import VIET_NAM
from motcua import logs
from motcua.cli._shared import Json, actor, console, parts, print_json, run

app = typer.Typer(help="Switching channels off and on while the program runs.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="web, telegram, zalo_oa, zalo_bot, or all.")]


@app.callback()
def _quiet() -> None:
    """Switching channels off and on while the program runs."""
    logs.configure("WARNING")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List how each channel is switched, since when and by whom."""

    async def work() -> tuple[Switch, ...]:
        async with parts() as made:
            return await switchboard.states(made.database)

    found = run(work())
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table("channel", "mode", "banner", "since", "by")
    for each in found:
        since = f"{each.changed_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}" if each.changed_at else ""
        table.add_row(each.channel, each.mode, escape(each.banner or ""), since, escape(each.changed_by))
    console.print(table, soft_wrap=False)


@app.command("off")
def off(
    name: Name,
    banner: Annotated[str, typer.Option(help=f"What citizens read meanwhile. Without it: “{DEFAULT_BANNER}”")] = "",
    closed: Annotated[
        bool, typer.Option("--closed", help="Take nothing in and send nothing out; what is to be sent waits.")
    ] = False,
) -> None:
    """Have the bot say a banner instead of answering, or close the channel; citizens' messages are kept either way."""
    _flip(name, "closed" if closed else "banner", banner)


@app.command("on")
def on(name: Name) -> None:
    """Have the bot answer again."""
    _flip(name, "open", "")


def _flip(name: str, mode: str, banner: str) -> None:
    async def work() -> Switch:
        async with parts() as made:
            return await switchboard.flip(made.database, name, mode, banner=banner, actor=actor())

    before = run(work())
    console.print(f"{name}: {mode} (before: {before.mode}); running programs notice within a second", markup=False)
