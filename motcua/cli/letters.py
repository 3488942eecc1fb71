"""`motcua letters list|show|again|drop`: messages that did not arrive, and citizens' that went wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from desk import letters
from desk.causes import noted
from desk.letters import Count, Letter, Page
from desk.texts import VIET_NAM
from motcua import logs
from motcua.cli._shared import Json, actor, console, parts, print_json, run
from store.errors import Conflict, Invalid

app = typer.Typer(help="Messages that did not arrive: look at them, send again, let rest.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="As listed: outbox:12 for a message of ours, inbox:7 for a citizen's.")]
_CHANNEL = "telegram, zalo_oa, zalo_bot or web."


@app.callback()
def _quiet() -> None:
    """Messages that did not arrive: look at them, send again, let rest."""
    logs.configure("WARNING")


@app.command("list")
def list_(
    kind: Annotated[
        str | None,
        typer.Option(help="dead: ours, given up; unknown: may have arrived; unanswered: a citizen's that went wrong."),
    ] = None,
    channel: Annotated[str | None, typer.Option(help=_CHANNEL)] = None,
    before: Annotated[str | None, typer.Option(help="What the page before names as the next one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=letters.MOST, help="How many of a page.")] = 50,
    as_json: Json = False,
) -> None:
    """List those that nobody has sent again or let rest, the newest first, and how many there are."""

    async def work() -> tuple[Page, tuple[Count, ...]]:
        async with parts() as made:
            page = await letters.list_(made.database, kind=kind, channel=channel, before=before, limit=limit)
            return page, await letters.counts(made.database)

    page, counted = run(work())
    if as_json:
        print_json({**asdict(page), "counts": [asdict(each) for each in counted]})
        return
    table = Table("key", "kind", "channel", "written", "tries", "reason", "begins", "")
    for one in page.letters:
        table.add_row(
            one.key,
            one.kind,
            one.channel,
            f"{one.at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}",
            str(one.attempts),
            escape(noted(one.cause, one.reason)),
            escape(one.excerpt or ""),
            "cannot be sent again" if one.refusal else "",
        )
    console.print(table, soft_wrap=False)
    console.print(", ".join(f"{each.channel} {each.kind}: {each.number}" for each in counted) or "none", markup=False)
    if page.more:
        console.print(f"more: --before {page.more}", markup=False)


@app.command("show")
def show(key: Key, as_json: Json = False) -> None:
    """Show one, also when somebody has let it rest."""

    async def work() -> Letter:
        async with parts() as made:
            return await letters.show(made.database, key)

    found = asdict(run(work()))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        console.print(f"{name}: {'' if value is None else value}", markup=False)


@app.command("again")
def again(
    key: Annotated[str | None, typer.Argument(help="As listed: outbox:12 or inbox:7.")] = None,
    sure: Annotated[
        bool, typer.Option("--sure", help="Also what may have arrived: the citizen may get it twice.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of the channel that can be sent again.")] = False,
    channel: Annotated[str | None, typer.Option(help=f"With --all: {_CHANNEL}")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Have a message sent, or a citizen's message answered, once more; running programs notice within seconds."""
    if everything:
        if key is not None or channel is None:
            raise Invalid("--all goes with --channel and without a key.")
        _again_all(channel, sure, yes, as_json)
        return
    if key is None or channel is not None:
        raise Invalid("Name one message (see `motcua letters list`), or --all with --channel.")

    async def work(one: str) -> Letter:
        async with parts() as made:
            return await letters.again(made.database, one, sure=sure, actor=actor())

    _tell(run(work(key)), "will be tried again", as_json)


@app.command("drop")
def drop(key: Key, as_json: Json = False) -> None:
    """Let one rest: it is not listed any more."""

    async def work() -> Letter:
        async with parts() as made:
            return await letters.drop(made.database, key, actor=actor())

    _tell(run(work()), "rests", as_json)


def _again_all(channel: str, sure: bool, yes: bool, as_json: bool) -> None:
    if not yes and not typer.confirm(f"Send everything of {channel} again that did not arrive?", err=True):
        raise Conflict("Nothing was sent again.")

    async def work() -> tuple[int, int]:
        async with parts() as made:
            return await letters.again_all(made.database, channel, sure=sure, actor=actor())

    done, left = run(work())
    if as_json:
        print_json({"again": done, "left": left})
    else:
        console.print(f"{channel}: {done} will be tried again, {left} were left as they are", markup=False)


def _tell(one: Letter, done: str, as_json: bool) -> None:
    if as_json:
        print_json(asdict(one))
    else:
        console.print(f"{one.key}: {done}", markup=False)
