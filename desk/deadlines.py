"""Which deadline holds for what: rules with their validity, law and source (`desk/data/deadlines.yml`).

The version in force on the day on which a clock starts decides, also when the law changes while it runs. Figures that
were not read in the law (`verified: false`) can be set with `MOTCUA_DESK__CLOCKS__FIGURES`; those that were cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from desk.kinds import State
from desk.settings import Figure
from store.errors import Invalid

Unit = Literal["working_days", "days", "working_hours"]
Stop = Literal["waiting", "paused"]

_DATA = Path(__file__).parent / "data" / "deadlines.yml"


@dataclass(frozen=True)
class Rule:
    """A deadline as it holds in one period.

    Attributes:
        name: stable name.
        title: what has to be done, Vietnamese.
        from_what: what it counts from, Vietnamese.
        unit: what is counted: working days, calendar days, or working hours.
        amounts: the figure without an extension, with one, with two.
        remote: the same for remote areas; empty where they have none of their own.
        complexity: whether a complex case takes the second figure, a very complex one the third.
        stops: for what the clock stands still: the citizen was asked (`waiting`), a decision to suspend (`paused`).
        met_by: states of the case with which it is met.
        law: which norm sets it.
        source: where the figure was read.
        verified: whether it was read in the law itself.
        since: first day on which a clock may start under it; None: always.
        until: last such day; None: still.
    """

    name: str
    title: str
    from_what: str
    unit: Unit
    amounts: tuple[int, ...]
    law: str
    source: str
    verified: bool
    met_by: frozenset[State] = frozenset()
    remote: tuple[int, ...] = ()
    complexity: bool = False
    stops: frozenset[Stop] = frozenset()
    since: date | None = None
    until: date | None = None

    def figures(self, *, remote: bool) -> tuple[int, ...]:
        """The figures for a remote area or not."""
        return self.remote if remote and self.remote else self.amounts


@cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """Every rule by name, its versions in the order of their validity."""
    written = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return {name: tuple(_rule(name, of, version) for version in of["versions"]) for name, of in written.items()}


def in_force(name: str, day: date, figures: Mapping[str, Figure] | None = None) -> Rule:
    """The version of a rule for a clock that starts on this day.

    Args:
        name: of the rule.
        day: in Viet Nam's time.
        figures: setting `desk.clocks.figures`.

    Raises:
        Invalid: there is no such rule, or none was in force on that day.
    """
    versions = rules().get(name)
    if versions is None:
        raise Invalid(f"Không có quy tắc thời hạn nào tên {name}.")
    for rule in versions:
        if (rule.since is None or rule.since <= day) and (rule.until is None or day <= rule.until):
            own = (figures or {}).get(name)
            if own is None:
                return rule
            source = f"Cài đặt MOTCUA_DESK__CLOCKS__FIGURES: {own.source}"
            return replace(rule, amounts=tuple(own.amounts), remote=(), source=source, verified=own.verified)
    raise Invalid(f"Chưa có quy định nào về “{versions[0].title}” áp dụng vào ngày {day:%d/%m/%Y}.")


def check_figures(figures: Mapping[str, Figure]) -> None:
    """Check the setting `desk.clocks.figures`.

    Raises:
        Invalid: it names no rule, or one whose figures stand in the law.
    """
    for name in figures:
        versions = rules().get(name)
        if versions is None:
            raise Invalid(f"MOTCUA_DESK__CLOCKS__FIGURES: there is no rule {name!r}; the rules: {', '.join(rules())}")
        if all(rule.verified for rule in versions):
            raise Invalid(
                f"MOTCUA_DESK__CLOCKS__FIGURES: {name} stands in the law ({versions[-1].law}) and is no setting; when "
                "the law changes, add a version to desk/data/deadlines.yml"
            )


def _rule(name: str, of: Mapping[str, Any], version: Mapping[str, Any]) -> Rule:
    amounts: Sequence[int] = version["amounts"]
    return Rule(
        name=name,
        title=of["title"],
        from_what=of["from_what"],
        unit=version["unit"],
        amounts=tuple(amounts),
        law=version["law"].strip(),
        source=version["source"].strip(),
        verified=version["verified"],
        met_by=frozenset(State(state) for state in of["met_by"]),
        remote=tuple(version.get("remote", ())),
        complexity=version.get("complexity", False),
        stops=frozenset(version["stops"]),
        since=version.get("from"),
        until=version.get("until"),
    )
