"""What stock Rasa does slowly or wrongly for us, replaced at start-up. Only the launcher and the channel import this.

Each patch says why. The same bot runs on stock Rasa without them (`bench dialogue` compares the two).
"""

from __future__ import annotations

import asyncio
import logging
from graphlib import TopologicalSorter
from typing import Any

import aiohttp
import rasa
import rasa.core.actions.action
import rasa.core.agent
from rasa.core.actions.action import Action, ActionBotResponse, ActionExecutionRejection, ActionListen, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecutionRejected, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from nlu.turn import TurnFailed, current

log = logging.getLogger(__name__)

_NOTICE = "utter_ai_notice"
_DANGER = "emergency"
_EVENTS_SENT = 30
_ACTION_SECONDS = 30
# Actions that never change the tracker they are given; the others get a copy, which replays the conversation.
_ONLY_READ = (RemoteAction, ActionBotResponse, ActionListen)
_event_types: dict[str, Any] = {}
_sessions: dict[tuple[int, int], aiohttp.ClientSession] = {}
_domains: list[tuple[Domain, dict[str, Any]]] = []
_resolve_event = Event.resolve_by_type
_new_session = EndpointConfig.session
_run_remote = RemoteAction.run


def _validate_action_result(self: RemoteAction, result: Any) -> bool:
    """1. jsonschema.validate() re-checks the constant schema on each action call: three quarters of Rasa's time.

    Even a prepared validator takes a tenth; this looks at the same shapes.
    """
    if not isinstance(result, dict):
        raise ValueError("the action server's answer is no object")
    events, responses = result.get("events", []), result.get("responses", [])
    if not isinstance(events, list) or not all(isinstance(e, dict) and isinstance(e.get("event"), str) for e in events):
        raise ValueError("the action server's events are no list of events")
    if not isinstance(responses, list) or not all(isinstance(response, dict) for response in responses):
        raise ValueError("the action server's responses are no list of objects")
    return True


def _resolve_by_type(type_name: str, default: Any = None) -> Any:
    """2. Rasa walks the tree of event classes for each event it reads."""
    known = _event_types.get(type_name)
    if known is None:
        known = _resolve_event(type_name, default)
        if known is not None and known is not default:
            _event_types[type_name] = known
    return known


class _Kept:
    """Hands out a session that stays open."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *_: object) -> None:
        return None


def _session(self: EndpointConfig) -> _Kept:
    """3. Rasa opens an HTTP session, hence a connection, for each action call."""
    key = (id(self), id(asyncio.get_running_loop()))
    kept = _sessions.get(key)
    if kept is None or kept.closed:
        kept = _sessions[key] = _new_session(self)
    return _Kept(kept)


def _action_call_format(self: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """4. Rasa sends all events and the whole domain; actions read the slots, the last message and the last events."""
    events = list(tracker.events)[-_EVENTS_SENT:]
    state = tracker.current_state()
    state["events"] = [event.as_dict() for event in events]
    message = state.get("latest_message")
    if message:
        state["latest_message"] = {k: v for k, v in message.items() if k not in ("intent_ranking", "text_tokens")}
    return {
        "next_action": self.name(),
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
        "domain": _small_domain(domain),
    }


def _small_domain(domain: Domain) -> dict[str, Any]:
    # The SDK's form validation reads these two; it answers 449 to a call without any domain.
    if not _domains or _domains[0][0] is not domain:
        full = domain.as_dict()
        _domains[:] = [(domain, {"forms": full.get("forms", {}), "slots": full.get("slots", {})})]
    return _domains[0][1]


async def _run_action_remotely(self: RemoteAction, *arguments: Any, **named: Any) -> list[Event]:
    """5. Rasa logs an action's error and goes on as if it had run: no answer, or a form that submits nothing."""
    try:
        events: list[Event] = await _run_remote(self, *arguments, **named)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        raise TurnFailed(f"{self.name()} failed: {type(error).__name__}", status=502) from error
    return events


def _run_graph(
    self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """7. dask plans the same few nodes anew for each message and sends each through a thread pool.

    The nodes run here one after the other, in an order that is worked out once.
    """
    wanted = tuple(targets or self._graph_schema.target_names)
    plans = self.__dict__.setdefault("_motcua_plans", {})
    if wanted not in plans:
        schema = self._graph_schema.minimal_graph_schema(list(wanted))
        needs = {name: tuple(node.needs.values()) for name, node in schema.nodes.items()}
        order = TopologicalSorter(needs).static_order()
        plans[wanted] = [(name, needs[name]) for name in order if name in needs]
    results: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    for name, before in plans[wanted]:
        results[name] = self._instantiated_nodes[name](*(results.get(need, need) for need in before))
    return dict(results[name] for name in wanted)


def _introduce(replies: list[dict[str, Any]], domain: Domain, tracker: DialogueStateTracker) -> None:
    """Say in the first answer of a session that a machine answers; whom to call in danger comes before even that."""
    notice = next((str(variant["text"]) for variant in domain.responses.get(_NOTICE, ())), "")
    spoken = next((reply for reply in replies if reply.get("text")), None)
    message = tracker.latest_message
    if not notice or spoken is None:
        return
    if message is not None and message.intent.get("name") == _DANGER:
        spoken["text"] = f"{spoken['text']}\n\n{notice}"
    else:
        spoken["text"] = f"{notice}\n\n{spoken['text']}"


class TurnProcessor(MessageProcessor):
    """Rasa's processor that keeps a turn whole: any failure ends it before anything is saved."""

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
        """Answer a message and save the conversation, or raise and save nothing.

        Raises:
            TurnFailed: an action failed, the dialogue ran in circles, or the bot had nothing to say.
        """
        tracker = await self.log_message(message, should_save_tracker=False)
        tracker = await self.run_action_extract_slots(message.output_channel, tracker)
        await self._run_prediction_loop(message.output_channel, tracker)
        turn = current.get()
        if turn is not None:
            if not turn.replies:
                raise TurnFailed("the bot had nothing to say")
            if turn.first:
                _introduce(turn.replies, self.domain, tracker)
            turn.finished = True
        await self.save_tracker(tracker)
        if isinstance(message.output_channel, CollectingOutputChannel):
            messages: list[dict[str, Any]] = message.output_channel.messages
            return messages
        return None

    async def _run_prediction_loop(self, output_channel: OutputChannel, tracker: DialogueStateTracker) -> None:
        more = True
        while more and self._should_handle_message(tracker):
            try:
                action, prediction = self.predict_next_with_tracker_if_should(tracker)
            except ActionLimitReached as error:
                raise TurnFailed("the dialogue ran in circles") from error
            more = await self._run_action(action, tracker, output_channel, self.nlg, prediction)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: Any,
        prediction: PolicyPrediction,
    ) -> bool:
        """As Rasa's, but an exception is not swallowed, and nothing is copied for log lines that nobody reads."""
        name = action.name()
        try:
            seen = tracker
            if not isinstance(action, _ONLY_READ):
                seen = tracker.copy()
                seen.update_with_events(prediction.events, self.domain)
            events = await action.run(output_channel, nlg, seen, self.domain)
        except ActionExecutionRejection:
            tracker.update(ActionExecutionRejected(name, prediction.policy_name, prediction.max_confidence))
            return bool(self.should_predict_another_action(name))
        events = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events, self.domain)
        if any(isinstance(event, UserUttered) for event in events):
            tracker = await self.run_action_extract_slots(output_channel, tracker)
        await self.execute_side_effects(events, tracker, output_channel)
        return bool(self.should_predict_another_action(name))


def _keep_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
    """6. Rasa wraps the store: when it fails, conversations go on in memory and are lost later. Ours must fail."""
    if store is None:
        raise RuntimeError("endpoints.yml names no tracker_store")
    store.domain = domain
    return store


def apply() -> None:
    """Replace; calling it again changes nothing."""
    RemoteAction._validate_action_result = _validate_action_result
    DaskGraphRunner.run = _run_graph
    RemoteAction._action_call_format = _action_call_format
    RemoteAction.run = _run_action_remotely
    Event.resolve_by_type = staticmethod(_resolve_by_type)
    EndpointConfig.session = _session
    # Rasa waits five minutes for an action; the citizen has long gone by then.
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = _ACTION_SECONDS
    rasa.core.agent.MessageProcessor = TurnProcessor
    Agent._create_tracker_store = staticmethod(_keep_tracker_store)


async def close_sessions() -> None:
    """Close the connections to the action server."""
    for session in _sessions.values():
        await session.close()
    _sessions.clear()
