"""`motcua places resolve`: which unit a name means."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from knowledge.places import Gazetteer, Match, Place
from motcua.cli._shared import Json, console, print_json
from store.errors import Invalid, NotFound

app = typer.Typer(help="Provinces, districts and communes, old and new.", no_args_is_help=True)


@app.command("resolve")
def resolve(
    text: Annotated[str, typer.Argument(help="A name, with or without diacritics, old or new.")],
    on: Annotated[str | None, typer.Option(help="The day it is asked for, YYYY-MM-DD; today without it.")] = None,
    as_json: Json = False,
) -> None:
    """Say which commune a name means on a day, and what it came from."""
    found = Gazetteer.load().resolve(text, parse_day(on))
    if as_json:
        print_json({"text": text, "matches": [_record(match) for match in found.matches]})
    else:
        for match in found.matches:
            via = f"  (từ {match.via.name} cũ)" if match.via else ""
            split = "  [bị chia: hỏi ấp]" if match.hamlet_needed else ""
            console.print(f"{match.place.code}  {match.place.name}{via}{split}", markup=False)
    if not found.matches:
        raise NotFound(f"No place of An Giang is called {text!r}.")


def parse_day(value: str | None) -> date | None:
    """A day of the command line.

    Raises:
        Invalid: it is not written YYYY-MM-DD.
    """
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise Invalid(f"{value!r} is not a day; write YYYY-MM-DD, for example 2026-11-22.") from None


def _record(match: Match) -> dict[str, Any]:
    return {
        "place": _place(match.place),
        "via": _place(match.via) if match.via else None,
        "hamlet_needed": match.hamlet_needed,
        "score": match.score,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"code": place.code, "name": place.name, "level": place.level, "lat": place.lat, "lon": place.lon}
