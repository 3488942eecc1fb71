"""What a question finds: a procedure by a part of its code, one procedure or two by their words."""

from __future__ import annotations

from dataclasses import replace

from actions.offers import HUMAN, PICK, WHICH, ask_back
from actions.turn import Reply
from knowledge import questions
from knowledge.catalogue import Snapshot
from knowledge.procedures import Procedure
from knowledge.questions import Question
from knowledge.search import Findings

MOST_CHOICES = 4
SURE = 0.9
LIKELY = 0.8
# For half a message that says what it asks: it is asked back about, so little is lost by a wrong guess.
POSSIBLE = 0.6
# The intents that say only that nothing was recognised.
UNREAD = frozenset({"nlu_fallback", "inform"})
# What the vocabulary knows to be somebody else's; the sentence says whose.
ELSEWHERE = frozenset({"court", "police", "inspection", "bank", "emergency"})


def by_part(snapshot: Snapshot, question: Question) -> Reply | tuple[Procedure, tuple[str, ...]] | None:
    """What a part of a code names: one procedure, a few to choose from, or nothing that can be told."""
    if not question.parts:
        return None
    part = question.parts[0]
    found = [code for code in snapshot.procedures if questions.named_by(part, code)]
    if len(found) == 1:
        return snapshot.procedures[found[0]], ()
    if 1 < len(found) <= MOST_CHOICES:
        head = f"Có {len(found)} thủ tục mang mã có “{part}”. Anh/chị hỏi thủ tục nào? {PICK}"
        return ask_back(snapshot, found, [facet.value for facet in question.facets], head)
    if question.words:
        return None
    if found:
        return Reply().say(f"Có nhiều thủ tục mang mã có “{part}”. Anh/chị ghi đủ mã, dạng 1.001193, giúp tôi.", HUMAN)
    return Reply().say(f"Danh mục hiện không có thủ tục mang mã {part}. {WHICH}", HUMAN)


Half = tuple[Question, Findings]


def pair(snapshot: Snapshot, two: questions.Two, question: Question) -> tuple[Half, Half] | None:
    """What both questions of a message find, None when they are rather one question."""
    first = snapshot.searcher.search(two.first.subject)
    second = snapshot.searcher.search(two.second.subject)
    for each in (first, second):
        least = LIKELY if each.decision == "answer" or not two.plain else POSSIBLE
        if each.decision == "unknown" or each.domain < least or not each.hits:
            return None
        if each.redirect is not None and each.redirect.kind in ELSEWHERE:
            return None
    codes = first.hits[0].code, second.hits[0].code
    if two.plain:
        # An unclear half that may be the same procedure belongs to the clear one.
        same = codes[0] in {hit.code for hit in second.hits[:MOST_CHOICES] if second.decision == "ask"}
        same = same or codes[1] in {hit.code for hit in first.hits[:MOST_CHOICES] if first.decision == "ask"}
        clear = [each for each in (first, second) if each.decision == "answer"]
        if codes[0] == codes[1] or same or not clear:
            return None
        return (two.first, first), (two.second, second)
    if codes[0] == codes[1] or not (sure(first) and sure(second)):
        return None
    # "Khai sinh kết hợp nhận cha con" is one procedure, and then the whole finds it.
    whole = snapshot.searcher.search(question.subject)
    if not whole.hits or whole.hits[0].code not in codes:
        return None
    facets = two.second.facets or two.first.facets
    return (replace(two.first, facets=facets), first), (replace(two.second, facets=facets), second)


def sure(findings: Findings) -> bool:
    return findings.decision == "answer" and findings.domain >= SURE and findings.hits[0].probability >= SURE


def weighed(findings: Findings, intent: str) -> Findings:
    """A search for a text in which the dialogue manager saw no question about a procedure."""
    if findings.question or sure(findings):
        return findings
    if intent not in UNREAD or findings.domain < LIKELY:
        # It saw something else, or the search doubts it too.
        return replace(findings, decision="unknown")
    guessed = findings.decision == "answer" and findings.hits[0].probability < LIKELY and len(findings.hits) > 1
    return replace(findings, decision="ask") if guessed else findings
