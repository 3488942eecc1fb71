"""`motcua case show`: one case of the desk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from motcua import logs
from motcua.cli._shared import Json, console, parts, print_json, run

app = typer.Typer(help="Cases: complaints, feedback, questions to a person.", no_args_is_help=True)


@app.callback()
def _quiet() -> None:
    """Cases: complaints, feedback, questions to a person."""
    logs.configure("WARNING")


@app.command("show")
def show(code: Annotated[str, typer.Argument(help="Code of the case, MC-XXXXXX.")], as_json: Json = False) -> None:
    """Print a case as staff see it. Denunciations are shown in the console's vault only."""

    async def work() -> None:
        async with parts() as made:
            case = await made.cases.show(code)
            values = {**asdict(case), "contact": made.cases.contact(case)}
            said = await made.cases.messages_for_citizen(case)
        if as_json:
            print_json({**values, "messages": [asdict(message) for message in said]})
            return
        for name, value in values.items():
            console.print(f"{name:14} {'' if value is None else value}", markup=False)
        for message in said:
            console.print(f"\n{message.at:%Y-%m-%d %H:%M} {message.author} ({message.purpose})", markup=False)
            console.print(message.text, markup=False)

    run(work())
