"""`motcua catalogue …`: bring a catalogue in, compare, approve, publish, take back."""

from __future__ import annotations

import typer

from motcua.cli import sync
from motcua.cli.catalogue import changing, golden, importing, looking

app = typer.Typer(help="The catalogue of procedures and its versions.", no_args_is_help=True)
app.command("import")(importing.import_)
app.command("sync")(sync.sync)
app.command("stage")(changing.stage)
app.command("diff")(looking.diff)
app.command("approve")(changing.approve)
app.command("reject")(changing.reject)
app.command("publish")(changing.publish)
app.command("rollback")(changing.rollback)
app.command("list")(looking.list_)
app.command("report")(looking.report)
app.command("history")(looking.history)
app.command("show")(looking.show)
app.command("reindex")(changing.reindex)
app.add_typer(golden.app, name="golden")
