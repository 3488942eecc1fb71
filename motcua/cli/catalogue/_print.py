"""How the commands of the catalogue print a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from knowledge.catalogue import Version
from motcua.cli._shared import console, print_json

Id = Annotated[str, typer.Argument(help="Id of a version; `motcua catalogue list` shows them.", metavar="VERSION")]
Why = Annotated[str, typer.Option("--why", help="A reason, kept in the history.")]


def record(version: Version) -> dict[str, Any]:
    """A version as plain values."""
    return asdict(version)


def say(version: Version, as_json: bool) -> None:
    """Print what a version is now."""
    if as_json:
        print_json(record(version))
        return
    state = "live" if version.live else version.state
    console.print(f"{version.id} is {state}: {version.procedures} procedures from {version.source}", markup=False)
    golden = version.measured.get("golden")
    if version.live and golden:
        total = sum(golden[name] for name in ("right", "asked", "wrong", "unknown"))
        console.print(f"  golden questions: {golden['right']} of {total} right, {golden['wrong']} wrong", markup=False)


def summary(counts: Mapping[str, Any]) -> str:
    """The counts of a comparison in a line."""
    if not any(counts.get(name) for name in ("added", "removed", "changed", "words")):
        return "no difference"
    parts = [f"{counts['added']} added", f"{counts['removed']} removed", f"{counts['changed']} changed"]
    if counts.get("important"):
        parts[-1] += f" ({counts['important']} in fee, time or place)"
    if counts.get("words"):
        parts.append(f"{counts['words']} words")
    return ", ".join(parts)
