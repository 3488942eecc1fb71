"""Starts Rasa for the front door: ``python -m nlu.serve`` with the Rasa environment's Python, from the repository root.

Ready when ``GET http://INTERFACE:PORT/webhooks/motcua/`` answers 200. Exit codes: 1 it could not start, 2 the model is
missing. Settings come from the command line or the environment (the option wins); the token only from the environment.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from nlu.runtime import configure_logging, import_rasa, load_agent
from nlu.train import MODELS, ROOT, model_path

log = logging.getLogger(__name__)

EXIT_FAILED = 1
EXIT_NO_MODEL = 2

# What endpoints.yml and credentials.yml refer to.
_DEFAULTS = {
    "MOTCUA_RASA_DB": "var/rasa.db",
    "MOTCUA_CHANNEL_TOKEN": "",
    "MOTCUA_RASA_KEEP_DAYS": "30",
    "MOTCUA_RASA_COMPACT_AFTER": "120",
    "MOTCUA_RASA_SYNCHRONOUS": "NORMAL",
    "MOTCUA_RASA_BUSY_SECONDS": "5",
    "MOTCUA_ACTIONS_URL": "http://127.0.0.1:5055/webhook",
}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code once the server has stopped."""
    options = _parse(arguments)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if options.db:
        os.environ["MOTCUA_RASA_DB"] = str(options.db)
    if options.actions_url:
        os.environ["MOTCUA_ACTIONS_URL"] = options.actions_url

    model = options.model or model_path(options.models)
    if not model.is_file():
        print(f"No dialogue model at {model}; run: python -m nlu.train", file=sys.stderr)
        return EXIT_NO_MODEL
    if options.model and model.name != model_path(options.models).name:
        print(f"Warning: {model.name} was not trained from the present configuration.", file=sys.stderr)
    try:
        app = _build(model, options)
    except Exception as error:  # whatever it is, the sentence must reach the person who starts us
        print(f"Rasa cannot start: {error or type(error).__name__}", file=sys.stderr)
        log.debug("cannot start", exc_info=True)
        return EXIT_FAILED
    app.run(host=options.interface, port=options.port, workers=1, access_log=False, debug=False, motd=False)
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nlu.serve", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--interface", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5005, help="port to listen on (default: %(default)s)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models (default: %(default)s)")
    parser.add_argument("--model", type=Path, help="a model file instead of the one for the present inputs")
    parser.add_argument("--db", type=Path, help="file of the conversations (MOTCUA_RASA_DB, default: var/rasa.db)")
    parser.add_argument("--actions-url", help="webhook of the action server (MOTCUA_ACTIONS_URL)")
    parser.add_argument("--endpoints", type=Path, default=ROOT / "endpoints.yml", help="Rasa's endpoints file")
    parser.add_argument("--credentials", type=Path, default=ROOT / "credentials.yml", help="Rasa's credentials file")
    parser.add_argument("--log-level", default="WARNING", help="DEBUG, INFO, WARNING or ERROR (default: %(default)s)")
    return parser.parse_args(arguments)


def _build(model: Path, options: argparse.Namespace) -> Any:
    import_rasa()
    configure_logging(logging.getLevelName(options.log_level.upper()))
    from rasa.core.run import configure_app, create_http_input_channels
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints

    from nlu import patches
    from nlu.tracker_store import SqliteTrackerStore

    patches.apply()
    endpoints = AvailableEndpoints.read_endpoints(str(options.endpoints))
    # Made here and not by Rasa's name lookup: that falls back to memory when the class cannot be imported.
    store = TrackerStore.create(endpoints.tracker_store)
    agent = load_agent(model, tracker_store=store, action_endpoint=endpoints.action)
    channels = create_http_input_channels(None, str(options.credentials))
    app = configure_app(channels, enable_api=False, port=options.port, endpoints=endpoints)
    app.ctx.agent = agent

    async def close(*_: object) -> None:
        await patches.close_sessions()
        if isinstance(store, SqliteTrackerStore):
            store.close()

    app.register_listener(close, "after_server_stop")
    return app


if __name__ == "__main__":
    sys.exit(main())
