"""`motcua ask`: one question to the catalogue, answered as a citizen would read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from actions import procedures
from actions.turn import Turn
from knowledge import questions
from knowledge.places import Gazetteer
from motcua.cli._shared import Json, console, parts, print_json, run
from store.errors import NotFound


def ask(
    text: Annotated[str, typer.Argument(help="The question, in citizens' own words.")],
    place: Annotated[str | None, typer.Option(help="The citizen's commune, by name.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the live catalogue a question and print the answer, without the dialogue manager."""

    async def work() -> None:
        async with parts() as made:
            day = made.services.today()
            slots: dict[str, object] = {}
            if place is not None:
                found = Gazetteer.load().resolve(place, day).one
                if found is None:
                    raise NotFound(f"{place!r} is not one commune; try `motcua places resolve`.")
                slots["place"] = found.place.code
            reply = await procedures.answer(Turn(text, "ask_procedure", {}, slots, {}), made.services)
            snapshot = await made.catalogue.snapshot()
            question = questions.read(text, day)
            findings = snapshot.searcher.search(question.subject)
        if as_json:
            print_json(
                {
                    "question": text,
                    "facets": [facet.value for facet in question.facets],
                    "decision": findings.decision,
                    "hits": [asdict(hit) for hit in findings.hits],
                    "messages": [asdict(message) for message in reply.messages],
                }
            )
            return
        for message in reply.messages:
            console.print(message.text.replace("**", ""), markup=False)
            if message.buttons:
                console.print("  ".join(f"[{button.title}]" for button in message.buttons), markup=False)

    run(work())
