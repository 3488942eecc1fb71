"""The real Rasa with our channel, started by a test: trained once, on a free port, with a database of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0


def rasa_python() -> Path | None:
    """Interpreter of the Rasa environment: `$MOTCUA_RASA_PYTHON`, else `.venv-rasa`; None where there is neither."""
    path = Path(os.environ.get("MOTCUA_RASA_PYTHON", ROOT / ".venv-rasa" / "bin" / "python"))
    return path if path.is_file() else None


def environment(**extra: str) -> dict[str, str]:
    """The environment in which Rasa's commands run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    # Rasa starts 14 s slower without bytecode.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", **extra}


def trained_model(python: Path) -> Path:
    """The model for the present inputs, trained now if it is missing (half a minute).

    Models are kept in `$MOTCUA_TEST_MODELS`, else `var/models`, so only a change of the inputs costs time; processes of
    tests that run side by side train once.

    Raises:
        RuntimeError: training failed; the message carries its output.
    """
    folder = Path(os.environ.get("MOTCUA_TEST_MODELS", ROOT / "var" / "models"))
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".tests.lock", timeout=600):
        done = subprocess.run(
            [str(python), "-m", "nlu.train", "--models", str(folder), "--print-path"],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"nlu.train ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return Path(done.stdout.strip().splitlines()[-1])


def free_port() -> int:
    """A port of loopback that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RasaServer:
    """A running `python -m nlu.serve`.

    Args:
        python: the Rasa environment's interpreter.
        model: the model file.
        home: folder of the file of conversations and the log; a second server over it finds what the first one left.
        actions_url: webhook of the action server.
        extra: environment variables for it.
    """

    python: Path
    model: Path
    home: Path
    actions_url: str
    extra: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the channel."""
        return f"http://127.0.0.1:{self.port}/webhooks/motcua"

    @property
    def db(self) -> Path:
        """The file of conversations."""
        return self.home / "rasa.db"

    @property
    def log(self) -> str:
        """Everything it has printed."""
        path = self.home / "rasa.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def spawn(self) -> None:
        """Start the process and do not wait."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [str(self.python), "-m", "nlu.serve", "--port", str(self.port), "--model", str(self.model)]
        command += ["--models", str(self.model.parent), "--db", str(self.db), "--actions-url", self.actions_url]
        with (self.home / "rasa.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(**self.extra), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def start(self) -> None:
        """Start and wait until it is ready.

        Raises:
            RuntimeError: it ended or did not get ready; the message carries its output.
        """
        self.spawn()
        assert self.process is not None
        end = time.monotonic() + START_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"Rasa did not get ready:\n{self.log[-4000:]}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether it answers with a loaded model."""
        try:
            with urllib.request.urlopen(f"{self.url}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End it as a supervisor does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process = None
