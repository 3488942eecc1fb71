"""The supervisor over small real programs: what dies comes back, what hangs is killed, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from motcua import supervisor
from motcua.supervisor import Program, Supervisor
from store.errors import Unavailable
from tests.support.stack import free_ports
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]

# Answers its health check; writes down when it ends. A file `sick` with its pid in it makes the check fail, one called
# `slow` makes it fail for the first requests of a new process, one called `stubborn` makes it ignore SIGTERM.
CHILD = textwrap.dedent(
    """
    import http.server, os, pathlib, signal, sys
    name, port, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    seen = 0

    def ended(*_):
        with (folder / "ended").open("a") as file:
            file.write(name + "\\n")
        os._exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if (folder / "stubborn").exists() else ended)

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            global seen
            seen += 1
            sick = folder / "sick"
            bad = sick.exists() and sick.read_text() == str(os.getpid())
            bad = bad or ((folder / "slow").exists() and seen <= 20)
            self.send_response(503 if bad else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    print("I am", name, "in", os.getcwd(), "with", os.environ.get("SPECIAL"), flush=True)
    http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()
    """
)


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., Program]:
    """Makes a program that answers, in the test's folder."""
    script = tmp_path / "child.py"
    script.write_text(CHILD)

    def make(name: str, **more: object) -> Program:
        port = free_ports(1)[0]
        command = [sys.executable, "-S", str(script), name, str(port), str(tmp_path)]
        url = f"http://127.0.0.1:{port}/"
        return Program(name, command, url, tmp_path / "log" / f"{name}.log", **more)  # type: ignore[arg-type]

    return make


@asynccontextmanager
async def running(programs: list[Program], folder: Path, *, check_s: float = 0.02) -> AsyncIterator[Supervisor]:
    """The supervisor with all programs ready; stopped at the end."""
    made = Supervisor(programs, folder, check_s=check_s)
    ready = asyncio.Event()
    task = asyncio.create_task(made.run(ready_s=60, on_ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    try:
        yield made
    finally:
        made.stop()
        await task


async def until(condition: Callable[[], object]) -> None:
    async def holds() -> bool:
        return bool(condition())

    await eventually(holds, timeout_s=60)


async def answers(program: Program) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(program.ready_url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


async def test_a_program_gets_its_folder_its_environment_and_its_log(
    child: Callable[..., Program], tmp_path: Path
) -> None:
    program = child("one", environment={"SPECIAL": "sugar"})
    async with running([program], tmp_path):
        assert await answers(program)
    assert program.log_file.read_text() == f"I am one in {tmp_path} with sugar\n"


async def test_what_is_killed_comes_back(child: Callable[..., Program], tmp_path: Path) -> None:
    programs = [child("one"), child("two")]
    async with running(programs, tmp_path) as made:
        first, other = made.pid("one"), made.pid("two")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: made.pid("one") not in {None, first})
        await eventually(lambda: answers(programs[0]), timeout_s=60)
        assert made.restarts == {"one": 1, "two": 0}
        assert made.pid("two") == other


async def test_a_stop_ends_all_in_reverse_order(child: Callable[..., Program], tmp_path: Path) -> None:
    programs = [child("one"), child("two"), child("three")]
    async with running(programs, tmp_path) as made:
        pids = [made.pid(program.name) for program in programs]
    assert (tmp_path / "ended").read_text().split() == ["three", "two", "one"]
    assert all(pid is not None and gone(pid) for pid in pids)
    assert [made.pid(program.name) for program in programs] == [None, None, None]


async def test_a_stopped_program_is_not_started_again(child: Callable[..., Program], tmp_path: Path) -> None:
    program = child("one")
    async with running([program], tmp_path) as made:
        pass
    assert made.restarts == {"one": 0}
    assert not await answers(program)


async def test_what_ignores_the_order_to_end_is_killed(child: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "stubborn").touch()
    async with running([child("one", stop_s=0.05)], tmp_path) as made:
        pid = made.pid("one")
    assert pid is not None
    assert gone(pid)
    assert not (tmp_path / "ended").exists()


async def test_what_hangs_is_killed_and_comes_back(child: Callable[..., Program], tmp_path: Path) -> None:
    program = child("one")
    async with running([program], tmp_path) as made:
        first = made.pid("one")
        (tmp_path / "sick").write_text(str(first))
        await until(lambda: made.pid("one") not in {None, first})
        await eventually(lambda: answers(program), timeout_s=60)


async def test_a_slow_restart_is_not_taken_for_a_hang(child: Callable[..., Program], tmp_path: Path) -> None:
    program = child("one")
    async with running([program], tmp_path, check_s=0.01) as made:
        first = made.pid("one")
        assert first is not None
        (tmp_path / "slow").touch()
        os.kill(first, signal.SIGKILL)
        await until(lambda: made.pid("one") not in {None, first})
        second = made.pid("one")
        await eventually(lambda: answers(program), timeout_s=60)
        assert made.pid("one") == second
        assert made.restarts == {"one": 1}


async def test_a_program_that_never_gets_ready_is_named_with_its_log_and_the_others_end(
    child: Callable[..., Program], tmp_path: Path
) -> None:
    good = child("good")
    silent = Program(
        "silent",
        [sys.executable, "-S", "-c", "import time; time.sleep(600)"],
        f"http://127.0.0.1:{free_ports(1)[0]}/",
        tmp_path / "silent.log",
    )
    made = Supervisor([good, silent], tmp_path)
    with pytest.raises(Unavailable, match=r"silent does not start.*silent\.log"):
        await made.run(ready_s=1, on_ready=lambda: pytest.fail("it was never ready"))
    assert made.pid("good") is None
    assert made.pid("silent") is None
    assert not await answers(good)


async def test_a_program_that_dies_at_once_is_given_up_before_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.01)
    program = Program(
        "broken",
        [sys.executable, "-S", "-c", "print('no such model'); raise SystemExit(3)"],
        f"http://127.0.0.1:{free_ports(1)[0]}/",
        tmp_path / "broken.log",
    )
    made = Supervisor([program], tmp_path)
    with pytest.raises(Unavailable, match="broken does not start"):
        await made.run(ready_s=3600, on_ready=lambda: pytest.fail("it was never ready"))
    assert "no such model" in (tmp_path / "broken.log").read_text()


async def test_a_command_that_does_not_exist_is_said_at_once(tmp_path: Path) -> None:
    program = Program("ghost", [str(tmp_path / "nothing")], "http://127.0.0.1:9/", tmp_path / "ghost.log")
    with pytest.raises(Unavailable, match=r"ghost cannot be started.*nothing"):
        await Supervisor([program], tmp_path).run(ready_s=3600, on_ready=lambda: None)


async def test_a_restart_that_fails_for_a_while_is_tried_again(
    child: Callable[..., Program], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.01)
    program = child("one")
    async with running([program], tmp_path) as made:
        first = made.pid("one")
        assert first is not None
        program.log_file.unlink()
        program.log_file.mkdir()  # as if the disk were full: the log cannot be opened
        os.kill(first, signal.SIGKILL)
        await until(lambda: made.restarts["one"] >= 3)
        program.log_file.rmdir()
        await eventually(lambda: answers(program), timeout_s=60)


async def test_a_stop_before_all_are_ready_is_obeyed(tmp_path: Path) -> None:
    program = Program(
        "silent",
        [sys.executable, "-S", "-c", "import time; time.sleep(600)"],
        f"http://127.0.0.1:{free_ports(1)[0]}/",
        tmp_path / "silent.log",
    )
    made = Supervisor([program], tmp_path)
    task = asyncio.create_task(made.run(ready_s=3600, on_ready=lambda: pytest.fail("it was never ready")))
    await until(lambda: made.pid("silent"))
    made.stop()
    await task
    assert made.pid("silent") is None


class EndedTooEarly(Supervisor):
    """Starts a program only when the order to end it has been given, which is the worst moment."""

    def __init__(self, programs: list[Program], folder: Path) -> None:
        super().__init__(programs, folder)
        self._asked_to_end = asyncio.Event()
        self.starting = asyncio.Event()

    async def _start(self, program: Program) -> None:
        self.starting.set()
        await self._asked_to_end.wait()
        await super()._start(program)

    async def _end(self, program: Program) -> None:
        await super()._end(program)
        self._asked_to_end.set()


async def test_a_stop_in_the_middle_of_a_start_leaves_nothing_running(
    child: Callable[..., Program], tmp_path: Path
) -> None:
    program = child("one")
    made = EndedTooEarly([program], tmp_path)
    task = asyncio.create_task(made.run(ready_s=3600, on_ready=lambda: None))
    await made.starting.wait()
    made.stop()
    await asyncio.wait_for(task, 60)
    assert program.log_file.exists()
    assert made.pid("one") is None
    assert not await answers(program)


def test_no_program_outlives_a_killed_supervisor(child: Callable[..., Program], tmp_path: Path) -> None:
    program = child("one")
    script = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from motcua.supervisor import Program, Supervisor
        folder, url, *command = sys.argv[1:]
        made = Supervisor([Program("one", command, url, Path(folder) / "one.log")], Path(folder))
        asyncio.run(made.run(ready_s=60, on_ready=lambda: print(made.pid("one"), flush=True)))
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), program.ready_url, *program.command],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    while not gone(pid):
        pass
