"""The whole program as a citizen meets it: `motcua up` in a data folder of its own, on free ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RASA_PYTHON = Path(os.environ.get("MOTCUA_RASA_PYTHON", ROOT / ".venv-rasa" / "bin" / "python"))
START_S = 240.0


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nothing listens on at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass
class Stack:
    """A running `motcua up`.

    Args:
        home: its data folder; a second stack over the same folder finds what the first one left.
        extra: environment variables besides the usual ones.
    """

    home: Path
    extra: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        if not self.ports:
            names = ("web", "private", "rasa", "actions", "console")
            self.ports = dict(zip(names, free_ports(len(names)), strict=True))

    @property
    def url(self) -> str:
        """Address of the web chat."""
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def private_url(self) -> str:
        """Address of health and metrics."""
        return f"http://127.0.0.1:{self.ports['private']}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which every command of this stack runs."""
        return {
            **os.environ,
            "MOTCUA_HOME": str(self.home),
            "MOTCUA_BOT__WEB__PORT": str(self.ports["web"]),
            "MOTCUA_BOT__WEB__PRIVATE_PORT": str(self.ports["private"]),
            "MOTCUA_RASA__PORT": str(self.ports["rasa"]),
            "MOTCUA_RASA__PYTHON": str(RASA_PYTHON),
            "MOTCUA_ACTIONS__PORT": str(self.ports["actions"]),
            "MOTCUA_DESK__CONSOLE__PORT": str(self.ports["console"]),
            "MOTCUA_BOT__DIALOGUE__URL": f"http://127.0.0.1:{self.ports['rasa']}",
            **self.extra,
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `motcua …` over the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "motcua", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def start(self) -> None:
        """Start and wait until the program says that it is ready.

        Raises:
            RuntimeError: it ended or did not get ready; the message carries its output.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        output = self.home / "up.out"
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "motcua", "up"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        end = time.monotonic() + START_S
        while b"ready after" not in output.read_bytes():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"motcua up did not get ready:\n{output.read_text()}\n{self.tails()}")
            time.sleep(0.2)

    def stop(self) -> int | None:
        """End it as Ctrl-C does; gives the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def pids(self, needle: str) -> list[int]:
        """Process numbers of the supervisor's children whose command line holds a word."""
        import psutil

        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if needle in " ".join(child.cmdline())]

    def kill(self, program: str) -> None:
        """`kill -9` one program: `rasa`, `actions` or `app`."""
        needle = {"rasa": "nlu.serve", "actions": "serve-actions", "app": "serve-app"}[program]
        for pid in self.pids(needle):
            os.kill(pid, signal.SIGKILL)

    def ready(self) -> dict[str, Any] | None:
        """What the health page says, None while it does not answer 200."""
        try:
            with urllib.request.urlopen(f"{self.private_url}/health/ready", timeout=5) as answer:
                body: dict[str, Any] = json.load(answer)
                return body
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def tails(self) -> str:
        """The last lines of every log, for a failure's message."""
        parts = []
        for log in sorted((self.home / "log").glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-15:]
            parts.append(f"--- {log.name}\n" + "\n".join(lines))
        return "\n".join(parts)
