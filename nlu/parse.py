"""Shows how the dialogue model reads a message: ``python -m nlu.parse "mất cccd làm lại ở đâu"``.

Without texts it reads one a line from standard input. Prints one JSON object a line: text, intent, confidence,
entities.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from nlu.runtime import configure_logging, import_rasa, load_agent
from nlu.train import MODELS, model_path


async def _parse(model: Path, lines: Iterable[str]) -> None:
    agent = load_agent(model)
    for line in lines:
        parsed = await agent.parse_message(line)
        shown = {
            "text": line,
            "intent": parsed["intent"]["name"],
            "confidence": round(float(parsed["intent"]["confidence"]), 3),
            "entities": {e["entity"]: e["value"] for e in parsed["entities"]},
        }
        print(json.dumps(shown, ensure_ascii=False), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code (2: no model for the present inputs)."""
    parser = argparse.ArgumentParser(prog="python -m nlu.parse", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("texts", nargs="*", help="messages; without any, one a line from standard input")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models (default: %(default)s)")
    parser.add_argument("--model", type=Path, help="a model file instead of the one for the present inputs")
    options = parser.parse_args(arguments)
    import_rasa()
    configure_logging()
    model = options.model or model_path(options.models)
    try:
        asyncio.run(_parse(model, options.texts or [line.rstrip("\n") for line in sys.stdin]))
    except FileNotFoundError as error:
        print(f"{error}; run: python -m nlu.train", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
