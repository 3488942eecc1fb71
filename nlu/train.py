"""Trains the dialogue model when, and only when, what it is made from has changed.

``python -m nlu.train`` with the Rasa environment's Python, from the repository root. The model's name is the hash of
its inputs (``var/models/<hash>.tar.gz``), so a model on disk either belongs to the present inputs or is not found: an
old or foreign model is never started by mistake.

Exit codes: 0 the model is there (trained now or before), 1 training failed, 3 ``--check`` found none for these inputs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from nlu.runtime import configure_logging, import_rasa

ROOT = Path(__file__).resolve().parent.parent
MODELS = Path("var") / "models"

EXIT_FAILED = 1
EXIT_STALE = 3

# Beside the configuration: all code that shapes the features, because a model without it predicts something else.
_INPUTS = (
    "config.yml",
    "nlu/domain/**/*.yml",
    "nlu/data/**/*.yml",
    "nlu/components/*.py",
    "nlu/commands.py",
    "nlu/emergencies.py",
    "nlu/reading.py",
    "nlu/triage.py",
    "knowledge/text.py",
    "knowledge/_syllables.py",
    "knowledge/_teencode.py",
)
_LIBRARIES = ("rasa", "scikit-learn", "numpy")
_KEPT = 3


def inputs(root: Path = ROOT) -> list[Path]:
    """The files that the model is made from, sorted."""
    return sorted(path for pattern in _INPUTS for path in root.glob(pattern))


def fingerprint(root: Path = ROOT) -> str:
    """The hash (16 hex digits) over the inputs' names and contents and the versions of the libraries that train."""
    digest = hashlib.sha256()
    for path in inputs(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library}={metadata.version(library)}\0".encode())
    return digest.hexdigest()[:16]


def model_path(models: Path, root: Path = ROOT) -> Path:
    """Where the model for the present inputs is, or will be."""
    return models / f"{fingerprint(root)}.tar.gz"


def train(models: Path, root: Path = ROOT) -> Path:
    """Train and put the model in its place in one step; takes about half a minute.

    Raises:
        RuntimeError: Rasa refused the configuration, the domain or the data.
    """
    target = model_path(models, root)
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=models) as scratch:
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(scratch) / "cache")
        import_rasa()
        configure_logging()
        from rasa.model_training import train as rasa_train

        result = rasa_train(
            domain=str(root / "nlu" / "domain"),
            config=str(root / "config.yml"),
            training_files=str(root / "nlu" / "data"),
            output=scratch,
            fixed_model_name="model",
            force_training=True,
        )
        if not result.model:
            raise RuntimeError(f"Rasa trained no model (code {result.code}).")
        os.replace(result.model, target)
    return target


def _outdated(models: Path, keep: Path) -> Iterator[Path]:
    """Models that neither belong to the present inputs nor are among the newest."""
    others = sorted((p for p in models.glob("*.tar.gz") if p != keep), key=lambda p: p.stat().st_mtime, reverse=True)
    yield from others[_KEPT:]


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="train even when the model is there")
    parser.add_argument("--check", action="store_true", help="only say whether it is there (exit code 3: no)")
    parser.add_argument("--print-path", action="store_true", help="print only the model's path on standard output")
    options = parser.parse_args(arguments)

    models = options.models.resolve()
    target = model_path(models)
    say = (lambda text: print(text, file=sys.stderr)) if options.print_path else print
    if target.is_file() and not options.force:
        say(f"Dialogue model {target.name} is up to date.")
    elif options.check:
        say(f"No dialogue model for the present inputs ({target.name}); run: python -m nlu.train")
        return EXIT_STALE
    else:
        say(f"Training dialogue model {target.name} from {len(inputs())} files ...")
        started = time.monotonic()
        try:
            train(models)
        except (Exception, SystemExit) as error:  # Rasa leaves by sys.exit on bad data
            print(f"Training failed: {type(error).__name__}: {error}", file=sys.stderr)
            return EXIT_FAILED
        say(f"Trained in {time.monotonic() - started:.0f} s, {target.stat().st_size / 1024:.0f} KiB.")
        for old in _outdated(models, target):
            old.unlink()
    if options.print_path:
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
