"""Which role gives which right, and which cases a person may know of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import get_args

import pytest
from sqlalchemy import select

from desk.access import RIGHTS, CaseNotFound, Forbidden, Right, may, require, scope, sees
from desk.kinds import Kind
from desk.staff import Person, Role
from store.tables import cases, now

# Who may what, written down once more by hand: the program's own table is compared with it.
EXPECTED: dict[Right, str] = {
    "reader": "administrator catalogue_approver catalogue_editor officer supervisor vault",
    "editor": "administrator catalogue_editor",
    "approver": "administrator catalogue_approver",
    "administrator": "administrator",
    "accounts": "administrator",
    "cases.read": "officer supervisor",
    "cases.work": "officer supervisor",
    "cases.supervise": "supervisor",
    "takeover": "officer supervisor",
    "vault": "vault",
    "reports": "administrator supervisor",
    "desk.settings": "administrator supervisor",
}


@dataclass(frozen=True)
class Held:
    """What of a case decides who sees it."""

    kind: Kind
    unit_id: int | None


def person(*roles: Role, unit_id: int | None = None) -> Person:
    """Somebody with these roles."""
    return Person(1, "lan", frozenset(roles), now(), None, unit_id=unit_id)


def test_every_right_is_in_the_table() -> None:
    assert set(EXPECTED) == set(RIGHTS) == set(get_args(Right))


@pytest.mark.parametrize(("right", "role"), list(product(EXPECTED, Role)))
def test_each_role_has_the_rights_of_the_table_and_no_other(right: Right, role: Role) -> None:
    somebody = person(role)
    if role.value in EXPECTED[right].split():
        require(somebody, right)
        assert may(somebody, right)
    else:
        assert not may(somebody, right)
        with pytest.raises(Forbidden):
            require(somebody, right)


def test_without_a_role_nobody_may_anything() -> None:
    assert not any(may(person(), right) for right in EXPECTED)


def test_an_account_that_is_shut_may_nothing() -> None:
    shut = Person(1, "lan", frozenset(Role), now(), now())
    for right in EXPECTED:
        with pytest.raises(Forbidden):
            require(shut, right)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("unit_id", [None, 1, 2])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_case_is_seen_by_its_unit_and_a_denunciation_by_the_vault(
    role: Role, unit_id: int | None, kind: Kind
) -> None:
    somebody, case = person(role, unit_id=unit_id), Held(kind, 1)
    if kind is Kind.denunciation:
        expected = role is Role.vault
    else:
        expected = role in {Role.officer, Role.supervisor} and unit_id in {None, 1}
    assert sees(somebody, case) is expected


def test_who_may_not_know_of_a_case_is_told_that_there_is_none() -> None:
    for somebody, case in (
        (person(Role.officer), Held(Kind.denunciation, None)),
        (person(Role.administrator), Held(Kind.complaint, 1)),
        (person(Role.officer, unit_id=2), Held(Kind.complaint, 1)),
        (person(Role.vault), Held(Kind.feedback, 1)),
        (person(Role.officer, unit_id=2), Held(Kind.question, None)),
    ):
        with pytest.raises(CaseNotFound):
            require(somebody, "cases.work", case)


def test_who_sees_a_case_still_needs_the_right() -> None:
    case = Held(Kind.feedback, 1)
    require(person(Role.officer, unit_id=1), "cases.work", case)
    with pytest.raises(Forbidden):
        require(person(Role.officer, unit_id=1), "cases.supervise", case)


@pytest.mark.parametrize("role", list(Role))
def test_no_list_of_anybody_may_hold_a_denunciation(role: Role) -> None:
    condition = str(select(cases.c.id).where(scope(person(role, unit_id=3))).compile())
    if role in {Role.officer, Role.supervisor}:
        assert "cases.bucket != :bucket_1" in condition
        assert "cases.unit_id = :unit_id_1" in condition
    else:
        assert condition.endswith("WHERE false") or "0 = 1" in condition
