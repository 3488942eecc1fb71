"""`motcua audit verify|show`: the append-only log of what people and the program changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from desk import audit
from motcua import logs
from motcua.cli._shared import Json, console, parts, print_json, progress, run
from store.errors import MotcuaError

app = typer.Typer(help="The log of what was changed, by whom; each entry is chained to the one before.")


class Tampered(MotcuaError):
    """The log is not what the program wrote."""

    code = "tampered"


@app.callback()
def _quiet() -> None:
    """The log of what was changed, by whom; each entry is chained to the one before."""
    logs.configure("WARNING")


@app.command("verify")
def verify(
    expect: Annotated[
        str, typer.Option(help="Digest that an earlier check gave: the log must still contain that very end.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check the whole chain; ends with 1 when an entry was changed, put in or taken away.

    Keep the digest it prints elsewhere (a daily note, another machine): who can write the database can also compute the
    whole chain anew, and only an earlier digest shows that.
    """

    async def work() -> tuple[audit.Verdict, bool]:
        async with parts() as made:
            with progress(as_json) as tell:
                verdict = await audit.verify(made.database, progress=lambda share: tell("checking the log", share))
            return verdict, not expect or await audit.contains(made.database, expect.strip().lower())

    verdict, known = run(work())
    broken = verdict.broken or (None if known else "the expected digest is not in the log: it was written anew")
    if as_json:
        print_json({**asdict(verdict), "broken": broken})
    else:
        console.print(f"entries  {verdict.entries}", markup=False)
        if verdict.older:
            console.print(f"older    {verdict.older} (from before the chain, not protected)", markup=False)
        console.print(f"digest   {verdict.digest}", markup=False)
    if broken:
        raise Tampered(f"the log was tampered with: {broken}")
    if not as_json:
        console.print("the log is whole")


@app.command("show")
def show(code: Annotated[str, typer.Argument(help="Code of the case, MC-XXXXXX.")], as_json: Json = False) -> None:
    """Print what was done with a case, oldest first; texts are shown as digests."""

    async def work() -> tuple[audit.Entry, ...]:
        async with parts() as made:
            case = await made.cases.show(code)
            return await audit.of(made.database, f"case:{case.id}")

    entries = run(work())
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    for entry in entries:
        data = ", ".join(f"{name}={value}" for name, value in entry.data.items() if name not in ("version", "at"))
        console.print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor:16} {entry.action:20} {data}", markup=False)
