"""The first screen: three numbers; then a line each on what broke, since when, what an answer changes, the way back."""

from collections.abc import Iterator
from dataclasses import dataclass

from autopilot import words
from autopilot.report.afterwards import coming
from autopilot.report.plain import PER, broke, since
from autopilot.report.reading import Figure, Tone, direction, gain, is_return, part, turned
from graph.model import Json
from graph.policy.metrics import LOWER_IS_BETTER, better_by

MOST = 3
"""Numbers on the first screen."""
_DENIED = "nothing moves; the next check may train another, within limits"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: its term, what there is to say, and the command that belongs to it, if any."""

    term: str
    text: str
    command: str = ""
    detail: str = ""
    """The numbers behind the text."""


def numbers(found: Json) -> list[Figure]:
    """Return the three numbers that matter, as far as they were measured: the gain, the harm, the errors."""
    known = [*_gained(found), *_served(found), *_errors(found), *_before(found), *_furthest(found), *_checked(found)]
    return known[:MOST]


def _gained(found: Json) -> Iterator[Figure]:
    comparison = found["validation"]["comparison"] if found["validation"] else None
    if comparison and comparison["metrics"]:
        yield from gain(found, comparison)


def _served(found: Json) -> Iterator[Figure]:
    """Yield how the champion fared on the newest rows with labels."""
    labels = found["evidence"]["labels"] if found["evidence"] else None
    if not labels or words.interval(labels["realised"]) == words.NOTHING:
        return
    value, _, between = words.interval(labels["realised"]).partition(" ")
    beside = [("foreseen", labels["foreseen"]), ("on the reference", labels["reference_value"])]
    note = ", ".join(f"{words.number(known)} {said}" for said, known in beside if known is not None)
    yield Figure(f"{labels['metric']} that champion {found['champion']} served", value, note, _fared(labels), between)


def _fared(labels: Json) -> Tone:
    """Return bad where the metric is worse than foreseen by more than its own interval."""
    metric, seen, foreseen = labels["metric"], labels["realised"], labels["foreseen"]
    best = seen["low"] if metric in LOWER_IS_BETTER else seen["high"]
    return "bad" if foreseen is not None and better_by(metric, foreseen, best) > 0 else "open"


def _errors(found: Json) -> Iterator[Figure]:
    comparison = found["validation"]["comparison"] if found["validation"] else None
    errors = {each["name"]: each for each in comparison["errors"]} if comparison else {}
    telling = errors.get("harm") or errors.get("overall")
    if not telling or not telling["difference"] or None in (telling["champion"], telling["challenger"]):
        return
    way, size = turned(telling["difference"])
    before, after = (words.number(round(PER * telling[side], 1)) for side in ("champion", "challenger"))
    low, value, high = (f"{PER * size[key]:.1f}" for key in ("low", "value", "high"))
    label = f"{'fewer' if way == 'better' else 'more'} wrong decisions in {PER:,} rows"
    tone = direction(telling["difference"])
    note = f"champion {before}, challenger {after}{'; may be chance' if tone == 'open' else ''}"
    yield Figure(label, value, note, tone, f"[{low}, {high}]")


def _before(found: Json) -> Iterator[Figure]:
    """Yield how the two compare where no harm was."""
    rest = part(found["validation"]["comparison"], "rest") if found["validation"] else None
    if rest and words.interval(rest["difference"]) != words.NOTHING:
        way, size = turned(rest["difference"])
        value, _, between = words.interval(size).partition(" ")
        note = f"champion {words.number(rest['champion'])}, challenger {words.number(rest['challenger'])}"
        label = f"{rest['metric']} {way} by, rows before it"
        yield Figure(label, value, note, direction(rest["difference"]), between)


def _furthest(found: Json) -> Iterator[Figure]:
    features = found["evidence"]["features"] if found["evidence"] else []
    known = [each for each in features if each["psi"] is not None]
    if known:
        first = min(known, key=lambda each: (-each["psi"], each["name"]))
        moved = sum(each["psi"] > (each["psi_noise"] or 0.0) for each in known)
        note = f"chance alone: up to {words.number(first['psi_noise'])}; {moved} of {len(known)} features moved"
        yield Figure(f"PSI of {words.cut(first['name'], 40)}", words.number(first["psi"]), note)


def _checked(found: Json) -> Iterator[Figure]:
    checks = found["validation"]["checks"] if found["validation"] else []
    if checks:
        passed = sum(check["outcome"] == "passed" for check in checks)
        yield Figure("checks passed", f"{passed} of {len(checks)}", "", "good" if passed == len(checks) else "bad")


def facts(found: Json, past: Json) -> list[Fact]:
    """Return the lines, in the order in which a reader asks; nothing for what there is nothing to say of."""
    return [
        *_broke(found),
        *_since(found, past),
        *_answers(found),
        *_stands(found),
        *_next(found),
        *_back(found),
        *_seal(found),
    ]


def _broke(found: Json) -> Iterator[Fact]:
    said, numbers_behind = broke(found)
    if said:
        yield Fact("what broke", said, detail=numbers_behind)


def _since(found: Json, past: Json) -> Iterator[Fact]:
    said = since(found, past)
    if said:
        yield Fact("since", said)


def _answers(found: Json) -> Iterator[Fact]:
    """Yield what either answer changes, while one is waited for."""
    if not found["validation"] or not waits(found):
        return
    old = found["validation"]["champion"]["version"] if found["validation"]["champion"] else None
    stays = f"version {old} goes on serving" if old else "no version serves"
    typed = f"{found['run']} --as NAME --comment TEXT"
    yield Fact("if you approve", _approved(found, old), f"autopilot approve {typed}")
    yield Fact("if you deny", f"{stays}; {_DENIED}", f"autopilot deny {typed}")
    until = words.moment(found["approval"]["expires_at"])
    yield Fact(
        "if you do nothing",
        f"the same as a no, from {until} on: {stays}; a later check may ask again",
    )


def _approved(found: Json, old: str | None) -> str:
    new, name = found["validation"]["challenger"]["version"], found["policy"]["registry"]
    if is_return(found):
        return f"version {new} of {name} serves again in place of version {old}"
    kept = f"; version {old} is kept as previous" if old else ""
    return f"challenger {new} becomes the next version of {name} and serves{kept}"


def waits(found: Json) -> bool:
    """Tell whether a person's answer is waited for."""
    return bool(found["approval"] and found["approval"]["state"] == "pending" and found["outcome"] is None)


def _stands(found: Json) -> Iterator[Fact]:
    """Yield what serves now, where the run has ended."""
    moved = found["promotion"]
    if moved:
        yield Fact("serves now", f"version {moved['to_version']}, in place of {moved['from_version'] or 'none'}")
    elif found["outcome"] and found["validation"] and found["champion"]:
        yield Fact(
            "serves now", f"champion {found['champion']}, as before: this run moved nothing, so nothing is to undo"
        )


def _next(found: Json) -> Iterator[Fact]:
    """Yield what comes where nothing waits for a person."""
    said = coming(found)
    if said:
        yield Fact("what happens next", said)


def _back(found: Json) -> Iterator[Fact]:
    moved, champion = found["promotion"], found["champion"]
    old = moved["from_version"] if moved else champion if waits(found) and found["validation"] else None
    if old:
        when = "" if moved else "after an approval "
        text = f"{when}this asks for version {old} again; that needs an approval of its own, and no training"
        yield Fact("to go back", text, f"autopilot rollback {found['model']}")


def _seal(found: Json) -> Iterator[Fact]:
    if found["approval"]:
        of = "of both models, the rows compared and the policy: if one of them changes, an answer does not count"
        yield Fact("sealed to", f"fingerprint {found['approval']['fingerprint'][:16]} {of}")
