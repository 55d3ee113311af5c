"""The first screen: three numbers; then a line each on what broke, since when, what an answer changes, the way back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from autopilot import words
from autopilot.report.around import harm
from autopilot.report.reading import Figure, Tone, direction, gain, is_return, part
from graph.model import Json
from graph.policy.metrics import LOWER_IS_BETTER, better_by

MOST = 3
"""Numbers on the first screen."""
PER = 1000
"""Rows to which wrong decisions are told."""
_DENIED = "nothing moves; the next check may train another, within cool-down and budgets"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: its term, what there is to say, and the command that belongs to it, if any."""

    term: str
    text: str
    command: str = ""


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
    fewer = {key: PER * telling["difference"][key] for key in ("value", "low", "high")}
    before, after = (words.number(round(PER * telling[side], 1)) for side in ("champion", "challenger"))
    low, value, high = (f"{fewer[key]:+.1f}" for key in ("low", "value", "high"))
    label = f"wrong decisions in {PER:,} rows, better by"
    yield Figure(label, value, f"{before} before, {after} after", direction(telling["difference"]), f"[{low}, {high}]")


def _before(found: Json) -> Iterator[Figure]:
    """Yield how the two compare where no harm was."""
    rest = part(found["validation"]["comparison"], "rest") if found["validation"] else None
    if rest and words.interval(rest["difference"]) != words.NOTHING:
        value, _, between = words.interval(rest["difference"], signed=True).partition(" ")
        note = f"{words.number(rest['champion'])} before, {words.number(rest['challenger'])} after"
        label = f"{rest['metric']} better by, rows before it"
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
    return [*_broke(found), *_since(found, past), *_answers(found), *_stands(found), *_back(found), *_seal(found)]


def _broke(found: Json) -> Iterator[Fact]:
    decided = found["decision"]
    if decided and found["evidence"] and decided["verdict"] != "healthy":
        cause = "" if decided["cause"] == "none" else f"{words.spoken(decided['cause'])}: "
        yield Fact("what broke", f"{cause}{decided['reason']}")


def _since(found: Json, past: Json) -> Iterator[Fact]:
    decided, evidence = found["decision"], found["evidence"]
    if not decided or not evidence or decided["verdict"] not in ("degraded", "broken_data"):
        return
    if decided.get("since"):
        yield Fact("since", f"{words.day(decided['since'])}, as the sequential test dates it{_before_it(found)}")
        return
    beginning = _moved_since(found["blame"], past["checks"])
    if beginning:
        yield Fact("since", beginning)
    elif evidence["start"]:
        seen = words.span(evidence["start"], evidence["end"])
        yield Fact("since", f"at the latest {words.day(evidence['start'])}: seen in {seen}, no check looked before")


def _before_it(found: Json) -> str:
    """Return from when on windows are known, and how many of those before the dated beginning stood out, too."""
    known = harm(found["evidence"])
    since = datetime.fromisoformat(found["decision"]["since"])
    before = [point for point in known.points if point.start < since] if known else []
    if not before:
        return ""
    strange = sum(point.strange for point in before) or "none"
    known_from = f"{words.count(len(before), 'window')} before it, from {before[0].start:%Y-%m-%d} on"
    return f"; of {known_from}, {strange} lay beyond chance"


def _moved_since(blame: Iterable[Json], checks: Iterable[Json]) -> str:
    """Return since which check's window the first blamed feature lies beyond chance, check after check."""
    name = next((each["feature"] for each in blame), None)
    known = [
        (check, feature)
        for check in checks
        for feature in check["features"]
        if feature["name"] == name and feature["psi"] is not None and check["start"]
    ]
    moved = [feature["psi"] > (feature["psi_noise"] or 0.0) for _, feature in known]
    held = next((at for at, each in enumerate(reversed(moved)) if not each), len(moved))
    if not held or len(known) < 2:
        return ""
    first = known[-held][0]["start"]
    begun = f"{words.day(first)}: in {words.count(held, 'check')} on end {name} lies beyond chance"
    return begun if held < len(known) else f"at the latest {begun}, since checks began"


def _answers(found: Json) -> Iterator[Fact]:
    """Yield what either answer changes, while one is waited for."""
    if not found["validation"] or not waits(found):
        return
    old = found["validation"]["champion"]["version"] if found["validation"]["champion"] else None
    stays = f"version {old} goes on serving" if old else "no version serves"
    typed = f"{found['run']} --as NAME --comment TEXT"
    yield Fact("if you approve", _approved(found, old), f"autopilot approve {typed}")
    yield Fact("if you deny", f"{stays}; {_DENIED}", f"autopilot deny {typed}")


def _approved(found: Json, old: str | None) -> str:
    new, name = found["validation"]["challenger"]["version"], found["policy"]["registry"]
    if is_return(found):
        return f"version {new} of {name} serves again in place of version {old}"
    kept = f" in place of version {old}, which is kept as previous" if old else ""
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


def _back(found: Json) -> Iterator[Fact]:
    moved, champion = found["promotion"], found["champion"]
    old = moved["from_version"] if moved else champion if waits(found) and found["validation"] else None
    if old:
        when = "" if moved else "after an approval "
        text = f"{when}this asks for version {old} again, without a training and through the same gate"
        yield Fact("to go back", text, f"autopilot rollback {found['model']}")


def _seal(found: Json) -> Iterator[Fact]:
    if found["approval"]:
        yield Fact("sealed to", f"fingerprint {found['approval']['fingerprint'][:16]}")
