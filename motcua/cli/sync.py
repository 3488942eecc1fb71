"""`motcua catalogue sync`: fetch the catalogue from a portal."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ValidationError

from knowledge.settings import SyncSettings, SyncSource
from knowledge.sync import Outcome, refresh
from motcua.cli._shared import Json, actor, console, parts, print_json, progress, run
from motcua.settings import load
from store.errors import Invalid, NotFound

SHOWN_ISSUES = 20


def sync(
    source: Annotated[str, typer.Argument(help="Name of a source in MOTCUA_KNOWLEDGE__SYNC__SOURCES, or a url.")],
    publish: Annotated[
        bool | None,
        typer.Option(help="Publish it when little has changed, or never; without it as the source's settings say."),
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Stage it also when the portal says what it said.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch the catalogue from a portal's JSON API and stage it, compared with what is live.

    The portal is asked slowly, and only for what has changed since the last time. A fetch that is broken off is taken
    up where it stopped when the command is run again. Nothing is published unless it was asked for and less has
    changed than the source's threshold.
    """
    settings = load()
    wanted = find(settings.knowledge.sync, source)

    async def work() -> Outcome:
        async with parts(settings) as made:
            with progress(as_json or not sys.stderr.isatty()) as tell:
                return await refresh(
                    wanted, made.catalogue, made.database, actor=actor(), publish=publish, anew=anew, progress=tell
                )

    outcome = run(work())
    if as_json:
        print_json(asdict(outcome))
        return
    report = outcome.report
    for issue in report["summary"][:SHOWN_ISSUES]:
        said = f"  {issue['severity']}  {issue['field']}: {issue['message']} ({issue['records']})"
        console.print(said, markup=False)
    if len(report["summary"]) > SHOWN_ISSUES:
        console.print(f"  … and {len(report['summary']) - SHOWN_ISSUES} more; --json lists all", markup=False)
    console.print(f"{wanted.name}: {report['total']} procedures listed, {report['accepted']} taken", markup=False)
    differ = ", ".join(f"{outcome.counts[name]} {name}" for name in ("added", "changed", "removed") if outcome.counts)
    console.print(f"{outcome.state}: {outcome.version} {f'({differ})' if differ else ''}", markup=False)
    console.print(outcome.reason, markup=False)


def find(settings: SyncSettings, name: str) -> SyncSource:
    """A source by its name, or one with the default settings at a url.

    Raises:
        NotFound: no source is called so.
        Invalid: the url is none that can be asked.
    """
    for source in settings.sources:
        if name in {source.name, source.url}:
            return source
    if "://" in name:
        try:
            return SyncSource(name="url", url=name)
        except ValidationError:
            raise Invalid(f"{name!r} is not the address of an API; write https://HOST/PATH.") from None
    known = ", ".join(source.name for source in settings.sources) or "none yet"
    raise NotFound(f"There is no source {name!r}; MOTCUA_KNOWLEDGE__SYNC__SOURCES names {known}.")
