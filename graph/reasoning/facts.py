"""The evidence as a language model is shown it: groups of numbers, written by us. No word out of users' data."""

import math
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any

from graph.evidence import Evidence, FeatureEvidence, Interval
from graph.model import Decision, Rule
from graph.policy.words import finite, moment, number
from graph.reasoning.names import Names

Facts = dict[str, dict[str, str]]
"""Group → fact → what is shown. A fact's id is `group.fact`."""

MOST_COLUMNS = 8
MOST_WINDOWS = 3
"""Of each kind: newest matured windows, label channels, earlier versions."""
_OUR_WORDS = frozenset({"kind", "metric", "side"})
"""Fields whose text is one of a closed list of ours."""
_COLUMNS = frozenset({"exchanged_with"})
_LEFT_OUT = frozenset({"model", "champion", "source", "name", "labels"})
_OUR_UNITS = re.compile(r"\d+(?:\.\d+)? (?:second|minute|hour|day)s?")
_LARGE = 10_000


def facts(evidence: Evidence, decision: Decision, names: Names) -> Facts:
    """Return what is shown about this evidence: the whole window, labels, the telling columns, the rules."""
    groups: Facts = {"window": _group(evidence, names)}
    if evidence.labels:
        groups["labels"] = _group(evidence.labels, names)
    for feature in _telling(evidence, decision):
        groups[names.column(feature.name)] = _group(feature, names)
    numbered = {
        "harm": evidence.harm[::-1],
        "loss": evidence.outcome.losses[::-1] if evidence.outcome else (),
        "channel": evidence.channels,
        "earlier_version": evidence.archived,
    }
    for noun, parts in numbered.items():
        groups |= {f"{noun}_{at}": _group(part, names) for at, part in enumerate(parts[:MOST_WINDOWS], 1)}
    groups["rules"] = {rule.rule: text for rule in decision.rules if (text := _rule(rule))}
    return groups


def _telling(evidence: Evidence, decision: Decision) -> list[FeatureEvidence]:
    """Return the blamed columns, then those that moved furthest, in the order of the log."""
    blamed = {blame.feature for blame in decision.blame}
    ranked = sorted(evidence.features, key=lambda seen: (seen.name not in blamed, -(finite(seen.psi) or 0.0)))
    chosen = {seen.name for seen in ranked[:MOST_COLUMNS]}
    return [feature for feature in evidence.features if feature.name in chosen]


def _group(part: Any, names: Names, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _said(part):
        if is_dataclass(value) and not isinstance(value, Interval):
            found |= _group(value, names, f"{prefix}{key}_")
        else:
            text = _shown(key, value, names)
            found |= {f"{prefix}{key}": text} if text else {}
    return found


def _said(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that say something: what is absent, or as when nothing is the matter, costs tokens only."""
    for each in fields(part):
        value = getattr(part, each.name)
        usual = each.default is not MISSING and value == each.default
        if not usual and each.name not in _LEFT_OUT and not isinstance(value, tuple):
            yield each.name, value


def _shown(key: str, value: Any, names: Names) -> str:
    if isinstance(value, str):
        return value if key in _OUR_WORDS else names.column(value) if key in _COLUMNS else names.value(value)
    if isinstance(value, Interval):
        low, middle, high = (_number(part) for part in (value.low, value.value, value.high))
        return f"{middle}, 95 % interval {low} to {high}" if low and middle and high else ""
    return moment(value) if isinstance(value, datetime) else _number(value)


def _number(value: Any) -> str:
    """Return a finite number as it is shown; nothing for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return ""
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if abs(value) >= _LARGE else number(value)


def _rule(rule: Rule) -> str:
    """Return what a rule saw; nothing for one that was not reached, or passed without a number to show."""
    value, limit = _measure(rule.value), _measure(rule.limit)
    if rule.outcome != "blocked" and not value:
        return ""
    return rule.outcome + (f", {value}" if value else "") + (f", limit {limit}" if limit else "")


def _measure(value: float | int | str | None) -> str:
    # A rule's text may be a version or a name out of the data; a duration is ours.
    if isinstance(value, str):
        return value if _OUR_UNITS.fullmatch(value) else ""
    return _number(value)
