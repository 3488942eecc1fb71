"""Long work behind a page: it goes on when the page is left, and its progress can be asked for again and again.

Kept in memory: what the work changes is kept by the functions it calls, and an interrupted one leaves what was live.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import structlog

from desk.console._words import STAGES, in_vietnamese
from store.errors import Conflict, MotcuaError
from store.tables import now

Progress = Callable[[str, float], None]
State = Literal["running", "done", "failed"]
_MOST = 200
_RUNNING_AT_ONCE = 4
_log = structlog.get_logger(__name__)


@dataclass
class Work:
    """One piece of long work.

    Attributes:
        stage: what it does at the moment.
        share: how much is done, 0 to 1.
        message: when it has failed, a sentence that says why.
        link: where its result is.
        key: what it works on; a second work on the same is not begun.
    """

    id: str
    title: str
    actor: str
    link: str
    key: str
    stage: str = "bắt đầu"
    share: float = 0.0
    state: State = "running"
    message: str = ""
    started_at: datetime = field(default_factory=now)
    task: asyncio.Task[None] | None = None

    def tell(self, stage: str, share: float) -> None:
        """Take progress in; never goes back within a stage's work."""
        self.stage = STAGES.get(stage, stage)
        self.share = min(1.0, max(0.0, share))


class Works:
    """All work of this process, the newest kept."""

    def __init__(self) -> None:
        self._works: OrderedDict[str, Work] = OrderedDict()

    def start(
        self,
        title: str,
        run: Callable[[Progress], Awaitable[str | None]],
        *,
        actor: str,
        link: str,
        key: str = "",
    ) -> Work:
        """Begin work in the background.

        Args:
            title: what it is, for people.
            run: does it; is given the function to tell progress to, and may return where the result is.
            actor: who began it.
            link: where the person goes afterwards unless `run` says otherwise.
            key: names what it works on; the work that already runs under that key is given back instead.

        Raises:
            Conflict: too much is running already.
        """
        running = [work for work in self._works.values() if work.state == "running"]
        for work in running:
            if key and work.key == key:
                return work
        if len(running) >= _RUNNING_AT_ONCE:
            raise Conflict("Máy đang làm nhiều việc cùng lúc; anh/chị đợi một việc xong rồi thử lại.")
        work = Work(secrets.token_urlsafe(9), title, actor, link, key)
        work.task = asyncio.create_task(self._run(work, run), name=f"console {title}")
        self._works[work.id] = work
        for old in list(self._works.values())[:-_MOST]:
            if old.state != "running":
                del self._works[old.id]
        return work

    def get(self, work_id: str) -> Work | None:
        """A piece of work, None when it is unknown or this process was started after it."""
        return self._works.get(work_id)

    def of_key(self, key: str) -> Work | None:
        """The work that runs on something at the moment."""
        found = (work for work in self._works.values() if work.key == key and work.state == "running")
        return next(found, None)

    async def close(self) -> None:
        """Stop what runs and wait for its end."""
        tasks = [work.task for work in self._works.values() if work.task is not None and not work.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, work: Work, run: Callable[[Progress], Awaitable[str | None]]) -> None:
        try:
            work.link = await run(work.tell) or work.link
        except asyncio.CancelledError:
            work.state, work.message = "failed", "Máy chủ dừng giữa chừng; dữ liệu đang dùng không thay đổi."
            raise
        except MotcuaError as error:
            work.state, work.message = "failed", in_vietnamese(error)
            _log.warning("console_work_failed", title=work.title, error=error.message)
        except Exception:
            work.state, work.message = "failed", "Có lỗi trong chương trình; chi tiết nằm trong nhật ký của máy chủ."
            _log.exception("console_work_failed", title=work.title)
        else:
            work.state, work.share = "done", 1.0
