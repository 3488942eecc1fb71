"""What must be settled before Rasa is imported, and how a model is loaded."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any


def settle_environment() -> None:
    """Set what Rasa reads while it is imported. Its cache stays out of the tree: `rasa test` stumbles over it."""
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(Path(tempfile.gettempdir()) / "motcua-rasa-cache"))
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Old libraries warn by the dozen while they are imported, whatever filters are set.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


def import_rasa() -> None:
    """Import in the order that starts fastest: skops before TensorFlow takes one second, after it nine."""
    settle_environment()
    import skops.io  # noqa: F401


def configure_logging(level: int = logging.WARNING) -> None:
    """One line an event on standard error; Rasa's debug events, which carry whole messages, are off."""
    from rasa.utils.log_utils import configure_structlog

    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("nlu").setLevel(min(level, logging.INFO))
    for noisy in ("apscheduler", "matplotlib", "tensorflow", "sanic.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    configure_structlog(level)


def load_agent(model: Path, **parts: Any) -> Any:
    """Load Rasa's agent with exactly this model; ``parts`` go to ``Agent.load``.

    Raises:
        FileNotFoundError: the file is missing. Rasa itself would silently take the newest model of the folder.
    """
    if not model.is_file():
        raise FileNotFoundError(f"No dialogue model at {model}")
    from rasa.core.agent import Agent

    return Agent.load(str(model), **parts)
