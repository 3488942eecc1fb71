"""What the commands share: composition of the parts they use, and output as text or JSON."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from motcua.compose import Parts, compose
from motcua.settings import Settings, load

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
# Piped output is read by programs: never broken into lines of a width that is not there.
console = Console(highlight=False, soft_wrap=True, emoji=False)


@asynccontextmanager
async def parts(settings: Settings | None = None) -> AsyncIterator[Parts]:
    """The composed program for one command, with the database migrated."""
    made = await compose(settings or load())
    try:
        yield made
    finally:
        await made.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous body."""
    return asyncio.run(work)


def run_serving(work: Coroutine[Any, Any, T]) -> T:
    """Run the body of a process that serves: on uvloop, whose sockets cost about half."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def actor() -> str:
    """Who runs the command, for the records of what was changed."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def print_json(value: Any) -> None:
    """Print a value as JSON that other programs can read."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error; yields a function to tell the stage and the share done (0 to 1)."""
    if quiet:
        yield lambda _stage, _share: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)
