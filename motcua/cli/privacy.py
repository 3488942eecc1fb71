"""`motcua privacy …`: what is held about people, for how long, and under which key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from desk import privacy, retention
from motcua.cli._shared import Json, actor, console, parts, print_json, progress, run
from store.errors import Conflict, Invalid

app = typer.Typer(help="Personal data: retention, erasure, keys.", no_args_is_help=True)
_WHAT = {
    "said": "messages of citizens",
    "answered": "messages to citizens",
    "buttons": "buttons",
    "questions": "noted questions",
    "cases": "cases emptied of words, contact and files",
    "files": "files",
    "sessions": "ended sessions of staff",
    "failures": "failed sign-ins",
}


@app.command("purge")
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what is older than MOTCUA_DESK__PRIVACY__* allow. Run it daily; it may be stopped and run again."""

    async def work() -> None:
        async with parts() as made:
            with progress(as_json) as tell:
                done = await retention.purge(
                    made.database,
                    made.settings.desk.privacy,
                    actor=actor(),
                    remove_files=made.files.delete,
                    dry_run=dry_run,
                    progress=lambda stage, share: tell(_WHAT.get(stage, stage), share),
                )
        if as_json:
            print_json({"dry_run": dry_run, **asdict(done)})
            return
        console.print("Would go:" if dry_run else "Gone:")
        for name, count in asdict(done).items():
            console.print(f"{count:9,}  {_WHAT[name]}")

    run(work())


@app.command("export")
def export(
    code: Annotated[str, typer.Argument(help="Code of a case of the person, MC-XXXXXX.")],
    file: Annotated[Path, typer.Option("--file", "-o", help="JSON file to write; it must not exist yet.")],
) -> None:
    """Write all that is held about the person who opened a case."""

    async def work() -> None:
        async with parts() as made:
            case = await made.cases.show(code)
            if case.citizen_id is None:
                raise Invalid(f"{case.code} was not opened from a chat: nothing else belongs to it.")
            held = await privacy.held(made.database, made.seal, case.citizen_id)
        privacy.write_export(file, held)
        console.print(f"{file}: {len(held['said'])} messages, {len(held['cases'])} cases", markup=False)

    run(work())


@app.command("erase")
def erase(
    code: Annotated[str, typer.Argument(help="Code of the case in which the person asked for it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what the person who opened a case said and left. It cannot be undone."""

    async def work() -> None:
        async with parts() as made:
            case = await made.cases.show(code)
            if case.citizen_id is None:
                raise Invalid(f"{case.code} was not opened from a chat: close it, and the purge empties it in time.")
            if not yes and not typer.confirm(f"Erase everything of the person behind {case.code}?"):
                raise Conflict("Nothing was erased.")
            done = await privacy.erase(
                made.database,
                case.citizen_id,
                actor=actor(),
                because=case.code,
                remove_files=made.files.delete,
                forget=made.forget_dialogue,
            )
        console.print(", ".join(f"{count} {what}" for what, count in done.items()) + " erased")

    run(work())


@app.command("rotate-keys")
def rotate_keys() -> None:
    """Seal contacts, identities and second factors with the first of MOTCUA_DESK__SEAL_KEYS; then the others may go."""

    async def work() -> None:
        async with parts() as made:
            done = await privacy.renew_keys(made.database, made.seal)
        console.print(f"{done} values are sealed with the first key")

    run(work())
