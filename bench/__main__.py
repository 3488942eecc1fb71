"""`python -m bench NAME …`: runs one measurement; `python -m bench NAME --help` says how."""

from __future__ import annotations

import importlib
import sys

_COMMANDS = {
    "search": "quality and speed of the search on real questions, against BM25 and MiniLM",
    "scale": "building, memory and speed of the search at 100,000 procedures",
    "calibrate": "fit the ranking and the decision of the search again, judged on unseen procedures",
    "publish": "publishing while citizens ask, and killed at random moments",
    "dialogue": "the whole way of a message, against stock Rasa",
    "chaos": "conversations in every channel while processes are killed and platforms misbehave",
    "hostile": "hostile requests against the front door while citizens chat",
    "flood": "what other chats notice when Telegram limits one",
    "desk": "queues, search, case page and report of the desk with up to a million cases",
}


def main(arguments: list[str]) -> int:
    """Hand over to the measurement that the first argument names; gives the exit status."""
    name = arguments[0] if arguments else "--help"
    if name in {"-h", "--help"}:
        print("usage: python -m bench NAME [options]\n")
        for command, about in _COMMANDS.items():
            print(f"  {command:<10} {about}")
        return 0
    if name not in _COMMANDS:
        print(f"bench: no measurement is called {name!r}; choose from {', '.join(_COMMANDS)}", file=sys.stderr)
        return 2
    status: int = importlib.import_module(f"bench.{name}").main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
