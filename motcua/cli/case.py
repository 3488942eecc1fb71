"""`motcua case show`: one case of the desk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from motcua.cli._shared import Json, console, parts, print_json, run

app = typer.Typer(help="Cases: complaints, feedback, questions to a person.", no_args_is_help=True)


@app.command("show")
def show(code: Annotated[str, typer.Argument(help="Code of the case, MC-XXXXXX.")], as_json: Json = False) -> None:
    """Print a case as staff see it."""

    async def work() -> None:
        async with parts() as made:
            case = await made.cases.show(code)
        if as_json:
            print_json(asdict(case))
            return
        for name, value in asdict(case).items():
            console.print(f"{name:12} {'' if value is None else value}", markup=False)

    run(work())
