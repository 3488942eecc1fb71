"""Denunciations (tố cáo): kept apart, seen by the vault role only, the identity of who denounces sealed.

Name, address, handwriting and other data of who denounces are secret (Luật Tố cáo 2018, Điều 9); they are stripped
from what is sent on (Điều 56). Without name and signature a text is no denunciation in law, but one that is clear about
who did what, with evidence that can be checked, is looked into (Điều 25). So the form takes both, the chat neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access, audit
from desk.cases import Case, Cases, Draft
from desk.kinds import Kind
from desk.sealing import Seal
from desk.staff import Person
from knowledge.text import fold, mask
from store.engine import Database
from store.errors import Invalid
from store.tables import case_identities, cases

HIDDEN = "[đã che]"
_ADDRESS = "ông|bà|anh|chị|chú|bác|cô|dì|cậu|mợ|thím|em|tên|tên là|tôi là"
_LONGEST_SYLLABLE = 7
_MARKS = ".,;:!?()\"'“”"


@dataclass(frozen=True)
class Identity:
    """Who denounces, as far as they say.

    Attributes:
        name: full name.
        address: where they live.
        contact: telephone or e-mail.
    """

    name: str = ""
    address: str = ""
    contact: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is said."""
        return not (self.name or self.address or self.contact)


@dataclass(frozen=True)
class Copy:
    """What is sent on: the fields of the denunciation, stripped; empty where nothing was said."""

    subject: str
    text: str
    office: str
    place_text: str


async def submit(
    made: Cases,
    seal: Seal,
    *,
    subject: str,
    text: str,
    office: str | None,
    place_text: str | None,
    identity: Identity | None,
    key: str,
) -> tuple[Case, str]:
    """Take a denunciation in; the same key again gives the same one.

    Args:
        subject: what it is about, in a few words.
        text: what was done, by whom.
        office: office or officer concerned.
        place_text: where.
        identity: None or empty: anonymous.
        key: idempotency key of the form.

    Returns:
        The case and its PIN, which is kept nowhere.

    Raises:
        Invalid: the text or the subject is empty or too long.
    """
    draft = Draft(
        kind=Kind.denunciation,
        subject=subject,
        text=text,
        office=office or None,
        place_text=place_text or None,
        via="page",
    )
    sealed = (
        None if identity is None or identity.empty else seal.close(json.dumps(asdict(identity), ensure_ascii=False))
    )

    async def also(connection: AsyncConnection, case: Case) -> None:
        if sealed is not None:
            await connection.execute(insert(case_identities).values(case_id=case.id, sealed=sealed))
            await audit.write(connection, actor="citizen", action="identity_sealed", subject=f"case:{case.id}")

    return await made.open(draft, key=key, also=also)


async def list_(db: Database, by: Person, *, done: bool = False, limit: int = 200) -> tuple[Case, ...]:
    """The denunciations, the most urgent first.

    Args:
        done: the finished ones instead, the newest first.

    Raises:
        Forbidden: the person has no right to the vault.
    """
    access.require(by, "vault")
    finished = ("answered", "closed", "refused", "transferred", "merged")
    wanted = select(cases).where(cases.c.bucket == "vault")
    if done:
        wanted = wanted.where(cases.c.state.in_(finished)).order_by(cases.c.id.desc())
    else:
        wanted = wanted.where(cases.c.state.not_in(finished)).order_by(
            cases.c.due_at.is_(None), cases.c.due_at, cases.c.id
        )
    async with db.connect() as connection:
        rows = (await connection.execute(wanted.limit(limit))).mappings().all()
    return tuple(Case.of(row) for row in rows)


async def looked_at(db: Database, by: Person, case: Case) -> None:
    """Log that somebody reads a denunciation.

    Raises:
        Forbidden: the person has no right to the vault.
    """
    access.require(by, "vault")
    async with db.begin() as connection:
        await audit.write(connection, actor=by.name, action="vault_viewed", subject=f"case:{case.id}")


async def identity(db: Database, seal: Seal, by: Person, case: Case, *, reason: str) -> Identity | None:
    """Who denounces, opened for a reason that is logged first; None: they did not say.

    Raises:
        Forbidden: the person has no right to the vault.
        Invalid: no reason is given.
    """
    access.require(by, "vault")
    if len(reason.strip()) < 5:
        raise Invalid("Anh/chị ghi lý do cần xem danh tính người tố cáo; lý do được lưu vào nhật ký.")
    async with db.begin() as connection:
        sealed = await connection.scalar(select(case_identities.c.sealed).where(case_identities.c.case_id == case.id))
        data = {"reason": mask(reason.strip())[:500], "there": sealed is not None}
        await audit.write(connection, actor=by.name, action="identity_viewed", subject=f"case:{case.id}", data=data)
    return Identity(**json.loads(seal.open(sealed))) if sealed else None


async def for_sending_on(db: Database, seal: Seal, by: Person, case: Case) -> Copy:
    """A denunciation without what tells who wrote it, for the body that takes it over.

    What the identity says, and every number and e-mail address that looks like a person's, is blotted out; a person has
    to read it over, for a story can tell who wrote it in other words.

    Raises:
        Forbidden: the person has no right to the vault.
    """
    access.require(by, "vault")
    async with db.begin() as connection:
        sealed = await connection.scalar(select(case_identities.c.sealed).where(case_identities.c.case_id == case.id))
        await audit.write(connection, actor=by.name, action="stripped_copy", subject=f"case:{case.id}")
    who = Identity(**json.loads(seal.open(sealed))) if sealed else Identity()
    return Copy(*(stripped(told or "", who) for told in (case.subject, case.text, case.office, case.place_text)))


def stripped(text: str, who: Identity) -> str:
    """A text in which a person's name, address and contact are blotted out, written with or without diacritics."""
    for known in _mentions(who):
        text = _blot(text, known)
    given = who.name.split()[-1:]
    if given:
        # Alone a given name is an everyday word ("An", "Hoa"): it is one behind a word of address only.
        text = re.sub(rf"\b({_ADDRESS})\s+{re.escape(given[0])}\b", rf"\1 {HIDDEN}", text, flags=re.IGNORECASE)
    return mask(text)


def _mentions(who: Identity) -> Sequence[str]:
    parts = [who.name, *re.split(r"[,;\n]", who.address), *re.split(r"[,;\s]+", who.contact)]
    # The longest first: what is part of another mention goes with it. One syllable alone is an everyday word.
    known = {part.strip() for part in parts}
    return sorted((part for part in known if len(part.split()) > 1 or len(part) > _LONGEST_SYLLABLE), key=len)[::-1]


def _blot(text: str, known: str) -> str:
    wanted = [fold(word).strip(_MARKS) for word in known.split()]
    words = list(re.finditer(r"\S+", text))
    plain = [fold(word.group()).strip(_MARKS) for word in words]
    out, last, at = "", 0, 0
    while at < len(words):
        if plain[at : at + len(wanted)] == wanted:
            out += text[last : words[at].start()] + HIDDEN
            last = words[at + len(wanted) - 1].end()
            at += len(wanted)
        else:
            at += 1
    return out + text[last:]
