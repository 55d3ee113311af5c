"""How a feature's rows lie now and in the reference: shares, summed from the counts that the check was made from."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from autopilot import words
from graph.codec import digest
from graph.model import Json

MOST_FEATURES = 3
_SOURCE = "features"
"""Of the windows in which features are counted."""
_ENOUGH = 0.2
"""Share of a part's rows, in reference and window together: so a feature has ten parts at most."""
_WORTH = 0.005
"""The least share of rows with which a part of its own is worth its line."""
_MOST_VALUES = 8
_LONGEST = 28
"""Letters of a category that are shown."""
_COUNTS = ("rows", "nulls", "nans", "below", "above", "other")


@dataclass(frozen=True, slots=True)
class Part:
    """Some values of a feature; reference and now are shares of all rows."""

    label: str
    reference: float
    now: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Numbers from low to high, with their rows in reference and window."""

    low: float
    high: float
    reference: float
    now: float

    def __add__(self, other: "Bin") -> "Bin":
        return Bin(self.low, other.high, self.reference + other.reference, self.now + other.now)


def telling(evidence: Json, blame: Iterable[Json]) -> list[str]:
    """Return the features worth a picture: those to blame, then the furthest beyond what chance explains."""
    known = {feature["name"] for feature in evidence["features"]}
    blamed = [each["feature"] for each in blame if each["feature"] in known]
    moved = [
        each for each in evidence["features"] if each["psi"] is not None and each["psi"] > (each["psi_noise"] or 0)
    ]
    moved.sort(key=lambda each: (-each["psi"], each["name"]))
    return list(dict.fromkeys([*blamed, *(each["name"] for each in moved)]))[:MOST_FEATURES]


def distributions(
    evidence: Json, names: Iterable[str], windows: Iterable[Json], profiles: Iterable[Json]
) -> list[Json]:
    """Return per feature `{feature, kind, start, end, rows, reference_rows, parts: [{label, reference, now}]}`.

    Nothing where the counts are no longer those that the check saw: what is drawn is what was judged, or nothing.
    """
    seen = dict(_refs(evidence))
    windows = [each for each in windows if seen.get((each["starts_at"], each["ends_at"])) == each["revision"]]
    for profile in profiles:
        seal = digest(profile)
        held = [each for each in windows if each["profile"] == seal]
        if seen and len(held) == len(seen):
            found = (_distribution(evidence, name, profile, held) for name in names)
            return [each for each in found if each]
    return []


def _refs(evidence: Json) -> Iterator[tuple[tuple[datetime, datetime], int]]:
    """Yield the windows that make up the newest rows, each with the revision at which the check summed it."""
    first, last = _at(evidence["start"]), _at(evidence["end"])
    for each in evidence["windows"]:
        start, end = _at(each["start"]), _at(each["end"])
        if each["source"] == _SOURCE and first <= start and end <= last:
            yield (start, end), each["revision"]


def _distribution(evidence: Json, name: str, profile: Json, windows: Sequence[Json]) -> Json | None:
    kind = "numeric" if name in profile["numeric"] else "categorical"
    known = profile[kind].get(name)
    if known is None or not profile["rows"]:
        return None
    now = _summed([each["features"][name] for each in windows])
    parts = list((_numbers if kind == "numeric" else _values)(known, now))
    about = {"feature": name, "kind": kind, "start": evidence["start"], "end": evidence["end"]}
    size = {"rows": now["rows"], "reference_rows": known["counts"]["rows"]}
    told = [{"label": each.label, "reference": each.reference, "now": each.now} for each in parts]
    return {**about, **size, "parts": told} if len(told) > 1 and now["rows"] else None


def _summed(counts: Sequence[Json]) -> Json:
    whole: Json = {key: sum(each.get(key, 0) for each in counts) for key in _COUNTS}
    for key, outermost in (("low", min), ("high", max)):
        whole[key] = outermost((each[key] for each in counts if each.get(key) is not None), default=None)
    return {**whole, "bins": [sum(places) for places in zip(*(each["bins"] for each in counts), strict=True)]}


def _numbers(profile: Json, now: Json) -> Iterator[Part]:
    """Yield neighbouring bins together, and beside them what lies outside of all that the reference held."""
    then, cuts = profile["counts"], profile["cuts"]
    # The bin of a frequent value ends right behind it: shown, it begins and ends with the value.
    edges = sorted([*cuts["at"], *cuts["atoms"]])
    ends = zip([-math.inf, *edges], [*edges, math.inf], strict=True)
    shares = zip(_shares(then["bins"], then), _shares(now["bins"], now), strict=True)
    bins = [Bin(low, high, *both) for (low, high), both in zip(ends, shares, strict=True)]
    outside = [_share(now[side], now) if _share(now[side], now) >= _WORTH else 0.0 for side in ("below", "above")]
    bins[0] = Bin(bins[0].low, bins[0].high, bins[0].reference, max(0.0, bins[0].now - outside[0]))
    bins[-1] = Bin(bins[-1].low, bins[-1].high, bins[-1].reference, max(0.0, bins[-1].now - outside[1]))
    low, high = then["low"], then["high"]
    if outside[0]:
        yield Part(f"below {words.number(low)}, the reference's smallest", 0.0, outside[0])
    for each in _pooled(bins):
        yield Part(_range(each, low, high), each.reference, each.now)
    if outside[1]:
        yield Part(f"above {words.number(high)}, the reference's largest", 0.0, outside[1])
    yield from _missing(then, now)


def _pooled(bins: Iterable[Bin]) -> list[Bin]:
    """Return neighbours added up until each is large enough; what is left at the end joins the last."""
    pools: list[Bin] = []
    filling: Bin | None = None
    for each in bins:
        filling = filling + each if filling else each
        if filling.reference + filling.now >= _ENOUGH:
            pools.append(filling)
            filling = None
    if filling and pools:
        pools[-1] += filling
    elif filling:
        pools.append(filling)
    return pools


def _range(pool: Bin, low: float | None, high: float | None) -> str:
    first = pool.low if math.isfinite(pool.low) else low
    last = pool.high if math.isfinite(pool.high) else high
    said = [words.number(each) for each in (first, last)]
    return said[0] if said[0] == said[1] else f"{said[0]} to {said[1]}"


def _values(profile: Json, now: Json) -> Iterator[Part]:
    """Yield the most frequent categories, then all others together, and those that the reference never had."""
    then = profile["counts"]
    shares = zip(_shares(then["bins"], then), _shares(now["bins"], now), strict=True)
    parts = [Part(words.cut(value, _LONGEST), *both) for value, both in zip(profile["values"], shares, strict=True)]
    parts.sort(key=lambda each: (-max(each.reference, each.now), each.label))
    yield from parts[:_MOST_VALUES]
    rest = Part(
        "all others", *(sum(getattr(each, side) for each in parts[_MOST_VALUES:]) for side in ("reference", "now"))
    )
    new = _share(now["other"], now)
    if profile["pooled"]:
        rest, new = Part(rest.label, rest.reference + _share(then["other"], then), rest.now + new), 0.0
    if max(rest.reference, rest.now) > 0:
        yield rest
    if new:
        yield Part("not in the reference", 0.0, new)
    yield from _missing(then, now)


def _missing(then: Json, now: Json) -> Iterator[Part]:
    before, after = (_share(each["nulls"] + each.get("nans", 0), each) for each in (then, now))
    if max(before, after) >= _WORTH:
        yield Part("missing", before, after)


def _shares(bins: Iterable[int], of: Mapping[str, int]) -> list[float]:
    return [_share(rows, of) for rows in bins]


def _share(rows: int, of: Mapping[str, int]) -> float:
    return rows / of["rows"] if of["rows"] else 0.0


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
