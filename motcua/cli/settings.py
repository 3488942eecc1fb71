"""`motcua settings show`: every setting, its value and what it is for."""

from __future__ import annotations

import json
import re
from typing import Any

import typer
from pydantic import BaseModel, SecretStr

from motcua.cli._shared import Json, console, print_json
from motcua.settings import load

app = typer.Typer(help="The settings in force.", no_args_is_help=True)


@app.command("show")
def show(as_json: Json = False) -> None:
    """List every setting with its value and meaning; secrets are masked."""
    rows = list(_rows(load(), "MOTCUA_"))
    if as_json:
        print_json([{"name": name, "value": value, "help": text} for name, value, text in rows])
        return
    for name, value, text in rows:
        console.print(f"{name}={value}\n    {text}", markup=False)


def _rows(section: BaseModel, prefix: str) -> Any:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        variable = prefix + name.upper()
        if isinstance(value, BaseModel):
            yield from _rows(value, variable + "__")
        else:
            yield variable, _shown(value), field.description or ""


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, list | tuple | dict):
        # Lists and tables are set as JSON, so they are shown as such.
        text = json.dumps(_plain(value), ensure_ascii=False)
    else:
        text = "" if value is None else str(value)
    # An address may hold a password or a bot's token.
    text = re.sub(r"(?<=://)([^:/@\s]*):[^@\s]*@", r"\1:***@", text)
    text = re.sub(r"(?i)([?&](?:password|[a-z_]*token|[a-z_]*secret|[a-z_]*key)=)[^&\s\"]*", r"\1***", text)
    return re.sub(r"(?<=[/t])\d+:[A-Za-z0-9_-]{16,}", "***", text)


def _plain(value: Any) -> Any:
    """A value as JSON can hold it, without secrets."""
    match value:
        case SecretStr():
            return "********"
        case BaseModel():
            return value.model_dump(mode="json")
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case _:
            return value
