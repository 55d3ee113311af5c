"""A replay on a terminal: the policies side by side, what differs, what the numbers do not say."""

from autopilot import words
from autopilot.report.replay_rows import counts, done, first_rules, labels
from graph.model import Json

_MOST_DIFFERENT = 20


def backtest_text(found: Json, width: int = words.WIDTH, explain: bool = False) -> str:
    """Return the table, the decisions that differ, with `explain` the first of them in full, and the notes."""
    parts = [_top(found, width), _table(found), _differing(found, width)]
    parts += [_explained(found, width)] if explain else []
    parts += [_changed(found, width), _notes(found, width)]
    return words.printable("\n\n".join("\n".join(part) for part in parts if part))


def _top(found: Json, width: int) -> list[str]:
    stored = words.count(found["checks"], "stored decision")
    about = (
        f"{found['model']} · {words.count(found['checks'], 'check')} of {words.moment(found['from'])} to "
        f"{words.moment(found['to'])} · {found['reproduced']:,} of {stored} reproduced exactly"
    )
    return words.wrapped(about, "", "  ", width)


def _table(found: Json) -> list[str]:
    return [words.table(["", *labels(found)], counts(found), indent="  ")]


def _differing(found: Json, width: int) -> list[str]:
    names = labels(found)
    one, other = names[-2:]
    differing = [each for each in found["decisions"] if each["differs"]]
    if not differing:
        return [f"{one} and {other} decide alike at every check"]
    rows = [
        [each["run"][:8], words.moment(each["at"]), each["champion"] or "none", *map(done, each["policies"].values())]
        for each in differing[:_MOST_DIFFERENT]
    ]
    head = f"{one} and {other} decide otherwise at {len(differing)} of {words.count(found['checks'], 'check')}"
    left = len(differing) - len(rows)
    more = [f"  … and {left} more: --json has them all"] if left else []
    return [head, words.table(["run", "checked", "champion", *names], rows, width, indent="  "), *more]


def _explained(found: Json, width: int) -> list[str]:
    first, names = found["first_difference"], labels(found)[-2:]
    if first is None:
        return []
    lines = [f"the first decision that differs: run {first['run']}, {words.moment(first['at'])}"]
    for name, decision in zip(names, first["policies"].values(), strict=True):
        concluded = words.spoken(f"{decision['verdict']}, {decision['cause']} → {decision['action']}")
        lines += words.wrapped(f"{name}: {concluded}: {decision['reason']}", "  ", "    ", width)
    return [*lines, words.table(["rule: value (limit)", *names], first_rules(first), width, indent="  ")]


def _changed(found: Json, width: int) -> list[str]:
    if not found["changed"]:
        return []
    lines = ["changed: what the policy of its time decides today on the same evidence"]
    for each in found["changed"][:_MOST_DIFFERENT]:
        said = (
            f"{each['run'][:8]} {words.moment(each['at'])}: {done(each['stored'])} → {done(each['now'])}; differs in "
            f"{', '.join(each['differs_in'])}"
        )
        lines += words.wrapped(said, "  ", "    ", width)
    return lines


def _notes(found: Json, width: int) -> list[str]:
    return [line for note in found["notes"] for line in words.wrapped(note, "  ! ", "    ", width)]
