"""The training data is sound: enough of it, no contradiction, nothing of the held-out set, a rule for every intent."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.text import fold, nfc, normalise
from nlu.reading import payload

ROOT = Path(__file__).resolve().parents[3]
# Set by our own components, or by a button only.
NEVER_LEARNED = {
    *("inform", "english", "report_wrong", "emergency", "data_request"),
    *("add_case", "reopen_case", "rate_case", "solved_case", "leave_contact"),
}
HELDOUT = ROOT / "tests" / "integration" / "nlu" / "heldout.yml"


@cache
def _examples() -> tuple[tuple[str, str], ...]:
    found = []
    for path in sorted((ROOT / "nlu" / "data").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", []):
            found += [(block["intent"], line.removeprefix("- ")) for line in block["examples"].splitlines()]
    return tuple(found)


@cache
def _yaml(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return loaded


def _trained() -> list[str]:
    return [intent for intent in _yaml("nlu/domain/domain.yml")["intents"] if intent not in NEVER_LEARNED]


@pytest.mark.parametrize("intent", _trained())
def test_every_intent_has_enough_examples(intent: str) -> None:
    count = Counter(name for name, _ in _examples())[intent]
    assert count >= (300 if intent == "ask_procedure" else 25)


def test_only_intents_of_the_domain_are_trained() -> None:
    assert {intent for intent, _ in _examples()} == set(_trained())


def test_no_example_stands_twice_or_in_two_intents() -> None:
    assert [text for text, count in Counter(text for _, text in _examples()).items() if count > 1] == []
    intents = defaultdict(set)
    for intent, text in _examples():
        intents[fold(normalise(text))].add(intent)
    assert {text: names for text, names in intents.items() if len(names) > 1} == {}


def test_examples_are_composed_and_carry_no_command_or_markup() -> None:
    for _, text in _examples():
        assert text == nfc(text).strip()
        assert not text.startswith("/")
        assert not set(text) & set("[]{}<>")


def test_nothing_of_the_held_out_set_is_trained() -> None:
    trained = {fold(normalise(text)) for _, text in _examples()}
    held = yaml.safe_load(HELDOUT.read_text(encoding="utf-8"))
    texts = [str(text) for found in held.values() for text in found]
    assert len(texts) >= 120
    assert [text for text in texts if fold(normalise(text)) in trained] == []


def test_every_intent_has_an_answer_inside_and_outside_of_the_form() -> None:
    inside: set[str | None] = set()
    outside: set[str | None] = set()
    for rule in _yaml("nlu/data/rules.yml")["rules"]:
        first = rule["steps"][0].get("intent")
        (inside if "condition" in rule else outside).add(first)
    intents = {*_yaml("nlu/domain/domain.yml")["intents"], "nlu_fallback"}
    assert intents <= outside
    assert intents <= inside


def test_rules_name_only_known_actions_and_responses() -> None:
    domain = _yaml("nlu/domain/domain.yml")
    known = {
        *domain["actions"],
        *_yaml("nlu/domain/responses.yml")["responses"],
        *domain["forms"],
        "action_deactivate_loop",
    }
    for rule in _yaml("nlu/data/rules.yml")["rules"]:
        for step in rule["steps"]:
            assert step.get("action", "case_form") in known, rule["rule"]


def test_buttons_of_responses_are_payloads_of_known_intents() -> None:
    intents = _yaml("nlu/domain/domain.yml")["intents"]
    for variants in _yaml("nlu/domain/responses.yml")["responses"].values():
        for button in (button for variant in variants for button in variant.get("buttons", [])):
            parts = payload(button["payload"])
            assert parts is not None
            assert parts[0] in intents


def test_form_slots_are_filled_by_what_was_asked_only() -> None:
    domain = _yaml("nlu/domain/domain.yml")
    for slot in domain["forms"]["case_form"]["required_slots"]:
        for mapping in domain["slots"][slot]["mappings"]:
            assert mapping["intent"]
            assert mapping["conditions"] == [{"active_loop": "case_form", "requested_slot": slot}]
