"""The conversation worker: takes each conversation's messages in order, asks the dialogue, writes answers.

One loop claims; every claimed message is answered by a task of its own. A conversation has at most one
message in work, so a slow or failing one holds up nobody else. While a dialogue server cannot be reached
at all, only single probes are sent to it and whoever has waited too long gets the answer of last resort; the
conversations of other servers go on.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot import among_others, reduced, sentences
from bot.channels.contract import AllOpen, Routes, Switches
from bot.conversations import BOT
from bot.dialogue import DialogueDown, DialogueFailed, DialogueRefused
from bot.dialogues import PROBE_S, Dialogues, Server
from bot.files import Files, FilesWait, file_taken
from bot.inbox import Claim, Inbox, LostClaim
from bot.incoming import to_fetch
from bot.metrics import Metrics
from bot.questions import as_question
from bot.reduced import LastResort
from bot.replies import Reply, Turn
from bot.settings import WorkerSettings
from desk.causes import Cause, noted
from store.faults import is_outage, log_failure
from store.tables import now

_log = structlog.get_logger(__name__)


class Worker:
    """Answers what is in the inbox.

    Args:
        routes: the way out of each channel, by its name.
        last_resort: answers while the dialogue is out of order; None: a fixed sentence.
        files: fetches what citizens send in channels that keep files themselves; None: they are declined.
        switches: channels that are switched off.
        warn: what somebody in danger reads although the bot is switched off, None when a text names no danger.
        randomness: 0 ≤ x < 1; spreads the retries.
    """

    def __init__(
        self,
        inbox: Inbox,
        dialogues: Dialogues,
        routes: Routes,
        settings: WorkerSettings,
        metrics: Metrics,
        *,
        last_resort: LastResort | None = None,
        files: Files | None = None,
        switches: Switches | None = None,
        warn: Callable[[str], Reply | None] = lambda text: None,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        self._inbox = inbox
        self._dialogues = dialogues
        self._routes = routes
        self._settings = settings
        self._metrics = metrics
        self._last_resort = last_resort
        self._files = files
        self._switches = switches or AllOpen()
        self._warn = warn
        self._random = randomness
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._in_work: set[str] = set()
        self._again: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._since = now()
        self._takes = False
        self._waiting = True
        inbox.announce = self.announce
        inbox.room = self.room

    def room(self, conversation: str) -> bool:
        """Whether a message of the conversation could be worked on at once, before nobody who waits longer."""
        if not self._takes or conversation in self._in_work or self._dialogues.of(conversation).down:
            return False
        return len(self._tasks) < self._settings.concurrency and not self._waiting and not self._wake.is_set()

    def announce(self, conversation: str, claim: Claim | None = None) -> None:
        """Say that a message of the conversation was written down: it is looked at without waiting."""
        if claim is not None:
            self._begin(claim)
        elif conversation in self._in_work:
            # It cannot be claimed before the one in work is answered.
            self._again.add(conversation)
        else:
            self._wake.set()

    def look(self) -> None:
        """Have the inbox looked into without waiting."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; what is in work then has `shutdown_s` to finish, the rest is put back."""
        self._since = now()
        orphans = await self._inbox.recover()
        if orphans:
            _log.info("messages of an earlier process taken up again", count=orphans)
        self._takes = True
        try:
            while True:
                try:
                    await self._round()
                except Exception as error:
                    self._metrics.failures.labels("worker").inc()
                    log_failure(_log, "a round of the worker failed", error)
                    await asyncio.sleep(self._settings.poll_s)
        finally:
            self._takes = False
            await self._finish()

    @property
    def down(self) -> bool:
        """Whether every dialogue server is held to be out of reach."""
        return self._dialogues.down

    async def _round(self) -> None:
        free = self._settings.concurrency - len(self._tasks)
        self._wake.clear()
        await self._release()
        claims: list[Claim] = []
        if free > 0:
            given_up = self._given_up_before() if self.down else None
            claims = await self._inbox.claim(free, received_before=given_up, closed=self._closed())
        # As many as were asked for: there may be more, and who comes later must not be taken before them.
        self._waiting = len(claims) >= free
        # While the server is down new messages do not make it answer sooner: only a probe's answer does.
        idle = self.down and not claims and free > 0
        if idle and not self._tasks:
            claims = await self._inbox.claim(1, closed=self._closed())
        for claim in claims:
            self._begin(claim)
        awaited, longest = (self._up, PROBE_S) if idle else (self._wake, self._settings.poll_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await awaited.wait()

    def _closed(self) -> list[str]:
        return [channel for channel in self._routes if self._switches.mode(channel) == "closed"]

    async def _release(self) -> None:
        """Let go of messages that waited for a server: all when it answers again, one for a try while it does not."""
        for server in self._dialogues.servers:
            if server.down and server.held and server.probe_due():
                await self._inbox.release(server.waits, most=1)
            elif server.held and not server.down:
                await self._inbox.release(server.waits)
                server.held = False

    def _begin(self, claim: Claim) -> None:
        self._in_work.add(claim.conversation_id)
        task = asyncio.create_task(self._work(claim), name=f"message-{claim.id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._waiting or self.down:
            self._wake.set()

    def _given_up_before(self) -> datetime:
        # A message that came while nothing ran has not been tried for as long as it is old.
        moment = now()
        if moment - self._since < timedelta(seconds=self._settings.patience_s):
            return datetime.min.replace(tzinfo=moment.tzinfo)
        return moment - timedelta(seconds=self._settings.patience_s)

    async def _work(self, claim: Claim) -> None:
        try:
            await self._respond(claim)
        except LostClaim:
            self._metrics.failures.labels("lost_claim").inc()
            _log.warning("another process answered first", message=claim.id)
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(claim, 0.0, "stopped"))
            raise
        except Exception as error:
            self._metrics.failures.labels("worker").inc()
            log_failure(_log, "answering a message failed", error, message=claim.id)
            await self._put_back(claim, self._settings.retry_cap_s, type(error).__name__)
        finally:
            self._in_work.discard(claim.conversation_id)
            if claim.more or claim.conversation_id in self._again:
                self._again.discard(claim.conversation_id)
                self._wake.set()

    async def _put_back(self, claim: Claim, delay_s: float, error: str) -> None:
        tries = 0
        while True:
            tries += 1
            try:
                await self._inbox.put_back(claim, delay_s, error)
                break
            except Exception as failure:
                if tries == 1:
                    log_failure(_log, "a message could not be put back", failure, message=claim.id)
                # While the database is away nothing else could be done either; else its lease runs out, and it is
                # taken up again then.
                if not (self._takes and is_outage(failure)):
                    return
            await asyncio.sleep(self._settings.poll_s)
        asyncio.get_running_loop().call_later(delay_s, self._wake.set)

    async def _respond(self, claim: Claim) -> None:
        if to_fetch(claim.body):
            await self._fetch(claim)
            return
        own = self._switched_off(claim) or _without_dialogue(claim)
        if own is not None:
            await self._close(claim, own)
            return
        question = as_question(claim)
        server = self._dialogues.of(claim.conversation_id)
        if server.down and self._exhausted(claim):
            await self._close_reduced(claim, "the dialogue server is out of reach")
            return
        if server.down and not server.take_probe():
            await self._hold(claim, server)
            return
        started = time.perf_counter()
        try:
            turn = await server.ask(question)
        except DialogueRefused as refusal:
            self._reached(server)
            self._metrics.failures.labels("dialogue_refused").inc()
            _log.error("the dialogue refused a message", message=claim.id, reason=str(refusal))
            await self._close(claim, Turn((Reply(sentences.APOLOGY),)), dead=noted(Cause.dialogue, str(refusal)))
            return
        except DialogueFailed as failure:
            await self._failed(claim, server, failure)
            return
        self._metrics.dialogue_seconds.observe(time.perf_counter() - started)
        self._reached(server)
        if among_others.reveals(claim, turn):
            # Others read along: what a form asks is nobody's business but the citizen's and the desk's.
            afresh = replace(claim, session=claim.session + 1, session_messages=0)
            await self._close(afresh, among_others.in_private(claim, turn))
            return
        if claim.body.get("cut"):
            turn = replace(turn, replies=(Reply(sentences.CUT), *turn.replies))
        await self._close(claim, turn)

    def _switched_off(self, claim: Claim) -> Turn | None:
        if self._switches.mode(claim.channel) == "open":
            return None
        danger = self._warn(str(claim.body.get("text") or ""))
        banner = Reply(self._switches.banner(claim.channel))
        return Turn((banner,) if danger is None else (danger, banner))

    async def _fetch(self, claim: Claim) -> None:
        """Fetch a file from the platform; a message that comes after it waits, as it may be about the file."""
        if self._files is None:
            await self._close(claim, Turn((Reply(sentences.NO_FILES),)))
            return
        try:
            replies, kept = await self._files.take(claim, self._routes[claim.channel])
        except FilesWait as waits:
            if self._exhausted(claim):
                await self._close(claim, Turn((Reply(sentences.FILE_NOT_FETCHED),)), dead=noted(Cause.file, str(waits)))
            else:
                await self._put_back(claim, self._pause(claim), str(waits))
            return
        # A person who has the conversation sees the file; the bot does not talk into it.
        await self._close(claim, Turn(tuple(replies) if claim.owner == BOT else ()), kept=kept)

    async def _hold(self, claim: Claim, server: Server) -> None:
        """Let a message wait for its server without trying, until the server is there or patience ends."""
        server.held = True
        left = timedelta(seconds=self._settings.patience_s) - (now() - max(claim.received_at, self._since))
        await self._put_back(claim, max(left.total_seconds(), 0.0), server.waits)

    async def _failed(self, claim: Claim, server: Server, failure: DialogueFailed) -> None:
        unreached = isinstance(failure, DialogueDown)
        if not unreached:
            self._reached(server)
        elif server.missed():
            _log.error("a dialogue server is out of reach", server=server.name, reason=str(failure))
        if unreached:
            self._up.clear()
        kind = "dialogue_unreached" if unreached else "dialogue_failed"
        self._metrics.failures.labels(kind).inc()
        if self._exhausted(claim):
            await self._close_reduced(claim, str(failure))
            return
        _log.warning("no answer yet", message=claim.id, attempt=claim.attempts, reason=str(failure))
        await self._put_back(claim, self._pause(claim), str(failure))

    def _pause(self, claim: Claim) -> float:
        longest = min(self._settings.retry_cap_s, self._settings.retry_first_s * 2.0 ** min(claim.attempts - 1, 20))
        # Half fixed, half random: never at once, never all together.
        return longest * (0.5 + 0.5 * self._random())

    def _reached(self, server: Server) -> None:
        if server.reached():
            _log.info("a dialogue server answers again", server=server.name)
        self._up.set()

    def _exhausted(self, claim: Claim) -> bool:
        since = max(claim.received_at, self._since)
        return now() - since >= timedelta(seconds=self._settings.patience_s)

    async def _close_reduced(self, claim: Claim, reason: str) -> None:
        self._metrics.failures.labels("reduced").inc()
        text = str(claim.body.get("text") or claim.body.get("title") or "")
        replies = await reduced.answer(self._last_resort, text, claim.place_code)
        await self._close(claim, Turn(tuple(replies)), error=f"reduced: {reason}")

    async def _close(
        self,
        claim: Claim,
        turn: Turn,
        *,
        error: str | None = None,
        dead: str | None = None,
        kept: dict[str, Any] | None = None,
    ) -> None:
        route = self._routes[claim.channel]
        replies = among_others.unasking(turn.replies) if claim.body.get("public") else turn.replies
        fitting = [piece for reply in replies for piece in route.fit(reply)]
        written = await self._inbox.answer(
            claim,
            fitting,
            reply_to=route.client_id(claim.external_id),
            pushed=route.pushed,
            in_form=turn.in_form,
            state="dead" if dead else "done",
            error=dead or error,
            kept=kept,
            private=turn.private,
            earlier=turn.earlier,
        )
        self._metrics.turn_seconds.observe((now() - claim.received_at).total_seconds())
        self._metrics.messages_out.labels(claim.channel).inc(len(written))
        route.deliver(written)

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.shutdown_s)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _without_dialogue(claim: Claim) -> Turn | None:
    """The answer to what the dialogue has nothing to say about."""
    match claim.body.get("kind"):
        case "button" if not claim.body.get("payload"):
            return Turn((Reply(sentences.BUTTON_GONE),))
        case "file":
            return Turn((file_taken(claim.body),))
        case "edit":
            # Kept for whoever reads the conversation; the answer to the first version stands.
            return Turn(())
        case "unsupported" if claim.body.get("of") == "contact":
            return Turn((Reply(sentences.NOT_THEIRS),))
        case "unsupported":
            return Turn((Reply(sentences.UNSUPPORTED),))
        case "flood":
            return Turn((Reply(sentences.TOO_FAST),))
        case _:
            return among_others.in_private(claim) if among_others.is_private(claim) else None
