"""`motcua catalogue stage|approve|reject|publish|rollback|reindex`: what changes a version."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from knowledge.catalogue import Catalogue, Version
from motcua.cli._shared import Json, actor, console, parts, print_json, progress, run
from motcua.cli.catalogue._print import Id, Why, record, say, summary
from motcua.cli.places import parse_day

T = TypeVar("T")
Tell = Callable[[str, float], None]


def stage(
    file: Annotated[
        Path | None,
        typer.Argument(help="A source in any known format; none: the live records once more.", show_default=False),
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="The day the data describe, YYYY-MM-DD.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the live procedures too; those in both are merged by the shown rule.")
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Read a source and compare it with what is live. Nothing is built and nothing goes live.

    Without a file the live records are staged once more, with the province's layer and the vocabulary as they are now.
    """
    day = parse_day(as_of)

    async def work(catalogue: Catalogue, tell: Tell) -> Version:
        if file is None:
            return await catalogue.stage_again(actor=actor(), why=why, progress=tell)
        return await catalogue.stage(file, actor=actor(), as_of=day, keep=keep, why=why, progress=tell)

    version = _run(work, as_json)
    if as_json:
        print_json(record(version))
        return
    say(version, as_json)
    console.print(f"  against {version.base_id or 'nothing'}: {summary(version.diff)}", markup=False)
    console.print(f"  see it:     motcua catalogue diff {version.id}", markup=False)
    console.print(f"  publish it: motcua catalogue publish {version.id}", markup=False)


def approve(version: Id, why: Why = "", as_json: Json = False) -> None:
    """Confirm a version and its comparison with what is live now."""
    say(_run(lambda catalogue, _tell: catalogue.approve(version, actor=actor(), why=why), as_json), as_json)


def reject(
    version: Id,
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the history.")],
    as_json: Json = False,
) -> None:
    """Decide that a version never goes live."""
    say(_run(lambda catalogue, _tell: catalogue.reject(version, actor=actor(), reason=why), as_json), as_json)


def publish(
    version: Id,
    why: Why = "",
    force: Annotated[bool, typer.Option("--force", help="Also when golden questions are answered worse.")] = False,
    as_json: Json = False,
) -> None:
    """Build a version if it is not built, ask the golden questions, and make it the live one.

    What is live answers until the switch; a publication that is interrupted leaves it live.
    """
    say(
        _run(
            lambda catalogue, tell: catalogue.publish(version, actor=actor(), why=why, progress=tell, force=force),
            as_json,
        ),
        as_json,
    )


def rollback(why: Why = "", as_json: Json = False) -> None:
    """Go back to the version that was live before."""
    say(_run(lambda catalogue, _tell: catalogue.rollback(actor=actor(), why=why), as_json), as_json)


def reindex() -> None:
    """Make sure that a catalogue is live and indexed by this release; publishes the starter catalogue if none is.

    `motcua up` does the same before it starts.
    """
    version = _run(lambda catalogue, tell: catalogue.ensure_live(actor=actor(), progress=tell), False)
    console.print("nothing to do" if version is None else f"{version.id} is live", markup=False)


def _run(work: Callable[[Catalogue, Tell], Awaitable[T]], as_json: bool) -> T:
    async def body() -> T:
        async with parts() as made:
            with progress(as_json or not sys.stderr.isatty()) as tell:
                return await work(made.catalogue, tell)

    return run(body())
