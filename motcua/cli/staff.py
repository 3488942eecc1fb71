"""`motcua staff …`: who may sign in to the console, with which roles, for which unit."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from desk import second_factor, sign_in, staff
from desk.staff import Person, Role
from motcua import logs
from motcua.cli._shared import Json, actor, console, parts, print_json, run
from store.errors import Invalid

app = typer.Typer(help="Staff who may sign in to the console, and their roles.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Sign-in name: a–z, 0–9, point, hyphen, underscore.")]
Roles = Annotated[list[Role], typer.Option("--role", help="A role; may be given several times.")]
Reviewed = Annotated[bool, typer.Option("--reviewed", help="Another person approves what they write to citizens.")]


@app.callback()
def _quiet() -> None:
    """Staff who may sign in to the console, and their roles."""
    logs.configure("WARNING")


@app.command("add")
def add(
    name: Name,
    role: Roles,
    unit: Annotated[str | None, typer.Option(help="Code of their unit; without it: the whole province.")] = None,
    reviewed: Reviewed = False,
    as_json: Json = False,
) -> None:
    """Make an account; its password is asked for, or read from standard input when that is no terminal."""

    async def work() -> Person:
        async with parts() as made:
            return await staff.add(made.database, name, password, role, actor=actor(), unit=unit, reviewed=reviewed)

    password = _password()
    person = run(work())
    if as_json:
        print_json(_record(person))
    else:
        console.print(f"{person.name} may sign in: {', '.join(sorted(person.roles))}", markup=False)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the accounts with their roles."""

    async def work() -> tuple[Person, ...]:
        async with parts() as made:
            return await staff.list_(made.database)

    people = run(work())
    if as_json:
        print_json([_record(person) for person in people])
        return
    if not people:
        console.print("nobody can sign in yet: motcua staff add NAME --role administrator")
        return
    table = Table("name", "roles", "unit", "since", "")
    for person in people:
        notes = [
            f"disabled {person.disabled_at:%Y-%m-%d}" if person.disabled_at else "",
            "" if person.has_totp else "no second factor",
            "reviewed" if person.reviewed else "",
        ]
        table.add_row(
            person.name,
            ", ".join(sorted(person.roles)),
            person.unit_code or "province",
            f"{person.created_at:%Y-%m-%d}",
            ", ".join(note for note in notes if note),
        )
    console.print(table, soft_wrap=False)


@app.command("roles")
def roles(name: Name, role: Roles, as_json: Json = False) -> None:
    """Give an account these roles instead of those it has."""

    async def work() -> Person:
        async with parts() as made:
            return await staff.set_roles(made.database, name, role, actor=actor())

    person = run(work())
    if as_json:
        print_json(_record(person))
    else:
        console.print(f"{person.name}: {', '.join(sorted(person.roles))}", markup=False)


@app.command("unit")
def set_unit(
    name: Name,
    unit: Annotated[str | None, typer.Argument(help="Code of the unit; without it: the whole province.")] = None,
    reviewed: Reviewed = False,
    as_json: Json = False,
) -> None:
    """Say for which unit somebody works, and whether what they write to citizens is approved by another."""

    async def work() -> Person:
        async with parts() as made:
            return await staff.set_desk(made.database, name, unit=unit, reviewed=reviewed, actor=actor())

    person = run(work())
    if as_json:
        print_json(_record(person))
    else:
        console.print(f"{person.name}: {person.unit_code or 'the whole province'}", markup=False)


@app.command("totp-reset")
def totp_reset(name: Name) -> None:
    """Take a second factor away, for a lost phone; it is set up anew at the next sign-in."""

    async def work() -> None:
        async with parts() as made:
            await second_factor.reset(made.database, name, actor=actor())

    run(work())
    console.print("the second factor is gone; the next sign-in sets up another")


@app.command("unlock")
def unlock(name: Name) -> None:
    """Let somebody sign in at once who was shut out by wrong passwords or codes."""

    async def work() -> None:
        async with parts() as made:
            await sign_in.unlock(made.database, name, actor=actor())

    run(work())
    console.print("unlocked")


@app.command("password")
def set_password(name: Name) -> None:
    """Give an account a new password; where it is signed in, it is signed out."""

    async def work() -> None:
        async with parts() as made:
            await staff.set_password(made.database, name, given, actor=actor())

    given = _password()
    run(work())
    console.print("the password is changed")


@app.command("disable")
def disable(name: Name, as_json: Json = False) -> None:
    """Shut an account; where it is signed in, it is signed out. What it did stays in the history."""

    async def work() -> Person:
        async with parts() as made:
            return await staff.disable(made.database, name, actor=actor())

    person = run(work())
    if as_json:
        print_json(_record(person))
    else:
        console.print(f"{person.name} may no longer sign in", markup=False)


@app.command("enable")
def enable(name: Name) -> None:
    """Open an account again that was shut."""

    async def work() -> None:
        async with parts() as made:
            await staff.enable(made.database, name, actor=actor())

    run(work())
    console.print("may sign in again")


@app.command("history")
def history(
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries.")] = 200, as_json: Json = False
) -> None:
    """Show what happened to accounts: who made, changed or shut which, and who signed in; the newest first."""

    async def work() -> tuple[staff.Event, ...]:
        async with parts() as made:
            return await staff.events(made.database, limit=limit)

    entries = run(work())
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    table = Table("when (UTC)", "who", "what", "account", "")
    for entry in entries:
        more = ", ".join(f"{key}: {_told(value)}" for key, value in entry.data.items())
        table.add_row(f"{entry.at:%Y-%m-%d %H:%M}", entry.actor, entry.what, entry.name, more)
    console.print(table, soft_wrap=False)


def _password() -> str:
    """The password: typed twice and not shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("password", hide_input=True, confirmation_prompt=True))
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise Invalid("There was no password on standard input; run this in a terminal to be asked for it.")
    return given


def _told(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _record(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "roles": sorted(role.value for role in person.roles),
        "unit": person.unit_code,
        "reviewed": person.reviewed,
        "second_factor": person.has_totp,
        "created_at": person.created_at,
        "disabled_at": person.disabled_at,
    }
