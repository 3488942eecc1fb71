"""`motcua desk explain|mind|report|recount`: deadlines and numbers of the desk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from desk import case_clocks, reminders
from desk.calendar import VIET_NAM
from desk.case_clocks import Explained
from motcua import logs
from motcua.cli import desk_calendar, desk_report, desk_waiting
from motcua.cli._shared import Json, console, parts, print_json, run

app = typer.Typer(help="The desk: deadlines, calendar, reports.", no_args_is_help=True)
app.add_typer(desk_calendar.app, name="calendar")
app.command("report")(desk_report.report)
app.command("recount")(desk_report.recount)
app.command("waiting")(desk_waiting.waiting)


@app.callback()
def _quiet() -> None:
    """The desk: deadlines, calendar, reports."""
    logs.configure("WARNING")


_OUTCOMES = {"met": "xong đúng hạn", "missed": "trễ hạn", "dropped": "không còn tính"}


@app.command("explain")
def explain(code: Annotated[str, typer.Argument(help="Code of the case, MC-XXXXXX.")], as_json: Json = False) -> None:
    """Show how the deadlines of a case came about, step by step, in Vietnamese."""

    async def work() -> tuple[Explained, ...]:
        async with parts() as made:
            case = await made.cases.show(code)
            return await case_clocks.explain(made.database, case)

    clocks = run(work())
    if as_json:
        print_json([asdict(clock) for clock in clocks])
        return
    if not clocks:
        console.print("Phiếu này chưa có thời hạn nào.")
    for clock in clocks:
        console.print(f"{clock.title}: {_standing(clock)}", markup=False)
        for number, step in enumerate(clock.steps, 1):
            console.print(f"  {number}. {step.text}", markup=False)


@app.command("mind")
def mind(as_json: Json = False) -> None:
    """Go round once now: warn, escalate, ask whether it helped, close. The program does so every minute by itself."""

    async def work() -> reminders.Round:
        async with parts() as made:
            return await reminders.mind(made.cases.book)

    done = run(work())
    if as_json:
        print_json(asdict(done))
        return
    for name, count in asdict(done).items():
        console.print(f"{name:10} {count:>8,}")


def _standing(clock: Explained) -> str:
    if clock.outcome is not None:
        return _OUTCOMES[clock.outcome]
    if clock.due_at is None:
        return "đang dừng"
    return f"hạn {clock.due_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}"
