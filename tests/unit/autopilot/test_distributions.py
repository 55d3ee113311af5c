"""A feature's rows now and in the reference: from the counts that the check saw, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from autopilot.report.blamed import blamed
from autopilot.report.distributions import distributions, telling
from autopilot.report.page import report_html
from autopilot.report.summary import report_text
from graph.codec import digest, dump
from graph.evidence import Evidence, WindowRef
from graph.model import Json
from tests.unit.autopilot.courses import past
from tests.unit.autopilot.documents import NINE, checked
from tests.unit.autopilot.test_page import EVIL, Page
from tests.unit.graph.policy.builders import AMOUNT, DAY, HOUR, NOW, QUIET
from tools.profile.counting import count_features
from tools.profile.profile import FeatureProfile
from tools.profile.reference import Filling, Sampler

Columns = Mapping[str, Sequence[float | str | None]]
THEN: Columns = {
    "amount": [float(value) for value in range(1000)],
    "merchant": ["grocery"] * 600 + ["fuel"] * 400,
    "visits": [0.0] * 900 + [float(value) for value in range(1, 101)],
}
NOON = NOW.replace(hour=12, minute=0)


def arrays(columns: Columns) -> dict[str, pa.Array]:
    return {name: pa.array(values) for name, values in columns.items()}


def profiled(columns: Columns) -> FeatureProfile:
    """Return the profile that the statistics engine makes of these rows."""
    rows = len(next(iter(columns.values())))
    sampler = Sampler(1)
    sampler.add(arrays(columns), rows)
    filling = Filling(sampler.bins(tuple(columns), NOON - 9 * DAY, NOON - 2 * DAY))
    filling.add(0, count_features(arrays(columns), rows, filling.shape))
    return filling.profile()


def window(columns: Columns, profile: FeatureProfile, hour: int = 0, revision: int = 1) -> Json:
    """Return a window's row as the query tells it."""
    rows = len(next(iter(columns.values())))
    counts = dump(count_features(arrays(columns), rows, profile))
    start = NOON + hour * HOUR
    when = {"starts_at": start, "ends_at": start + HOUR, "revision": revision}
    return {
        **when,
        "profile": digest(dump(profile)),
        "rows": rows,
        "features": counts["numeric"] | counts["categorical"],
    }


def evidence(*windows: Json, names: Sequence[str] = tuple(THEN)) -> Evidence:
    """Return the evidence of a check that summed these windows."""
    refs = [
        WindowRef("features", each["starts_at"], each["ends_at"], each["revision"], each["rows"]) for each in windows
    ]
    other = WindowRef("scores", refs[0].start, refs[0].end, 1, 5)
    features = tuple(replace(AMOUNT, name=name, psi=0.5) for name in names)
    return replace(QUIET, start=refs[0].start, end=refs[-1].end, windows=(*refs, other), features=features)


def shares(columns: Columns, name: str, then: Columns = THEN) -> dict[str, tuple[float, float]]:
    """Return reference and now of each part."""
    profile = profiled(then)
    rows = window(columns, profile)
    (found,) = distributions(dump(evidence(rows)), [name], [rows], [dump(profile)])
    for side in ("reference", "now"):
        assert sum(part[side] for part in found["parts"]) == pytest.approx(1.0)
    return {part["label"]: (round(part["reference"], 3), round(part["now"], 3)) for part in found["parts"]}


def test_a_number_is_told_over_a_few_neighbouring_bins_and_what_the_reference_never_had():
    moved = {**THEN, "amount": [float(value) for value in range(500, 1500)]}
    parts = shares(moved, "amount")
    assert list(parts)[-1] == "above 999, the reference's largest"
    assert parts["above 999, the reference's largest"] == (0.0, 0.5)
    assert 4 <= len(parts) <= 11
    known = {float(label.split(" to ")[1]): now for label, (_, now) in parts.items() if " to " in label}
    assert [now for end, now in known.items() if end <= 500] == [0.0] * sum(end <= 500 for end in known)
    assert len(known) > 4


def test_a_value_that_is_most_of_a_column_has_a_part_of_its_own():
    parts = shares({**THEN, "visits": [0.0] * 500 + [7.0] * 500}, "visits")
    assert parts["0"] == (0.9, 0.5)


def test_below_the_least_and_missing_are_parts_too():
    parts = shares({**THEN, "amount": [-5.0] * 250 + [None] * 250 + [float(each) for each in range(500)]}, "amount")
    assert parts["below 0, the reference's smallest"] == (0.0, 0.25)
    assert parts["missing"] == (0.0, 0.25)


def test_categories_are_told_by_name_and_new_ones_together():
    parts = shares({**THEN, "merchant": ["fuel"] * 700 + ["toys"] * 300}, "merchant")
    assert parts == {"fuel": (0.4, 0.7), "grocery": (0.6, 0.0), "not in the reference": (0.0, 0.3)}


def test_many_categories_share_the_last_part():
    many = {"merchant": [f"shop {number:02}" for number in range(50)] * 20}
    parts = shares(many, "merchant", many)
    assert len(parts) == 9
    assert parts["all others"] == (0.84, 0.84)


def test_windows_are_summed():
    profile = profiled(THEN)
    rows = [
        window({name: values[:half] for name, values in THEN.items()}, profile, at) for at, half in ((0, 300), (1, 700))
    ]
    (found,) = distributions(dump(evidence(*rows)), ["merchant"], rows, [dump(profile)])
    assert (found["rows"], found["reference_rows"]) == (1000, 1000)
    assert [round(part["now"], 2) for part in found["parts"]] == [0.9, 0.1]


@pytest.mark.parametrize("what", ["another revision", "another profile", "a window is gone", "no profile"])
def test_counts_that_the_check_did_not_see_are_not_drawn(what: str):
    profile = profiled(THEN)
    rows = [window(THEN, profile, at) for at in (0, 1)]
    seen, profiles = dump(evidence(*rows)), [dump(profile)]
    if what == "another revision":
        rows[0] = {**rows[0], "revision": 2}
    elif what == "another profile":
        rows = [{**each, "profile": "other"} for each in rows]
    elif what == "a window is gone":
        rows = rows[:1]
    else:
        profiles = [dump(profiled({**THEN, "amount": [1.0] * 1000}))]
    assert distributions(seen, ["amount"], rows, profiles) == []


def test_an_empty_window_or_a_column_of_one_value_is_not_drawn():
    profile = profiled({"amount": [3.0] * 100})
    for values in ([3.0] * 50, []):
        rows = window({"amount": pa.array(values, pa.float64())}, profile)
        assert distributions(dump(evidence(rows)), ["amount"], [rows], [dump(profile)]) == []


def test_what_is_worth_a_picture_is_to_blame_or_beyond_chance():
    features = dump(
        replace(QUIET, features=(replace(AMOUNT, psi=0.2), *NINE[1:], replace(AMOUNT, name="far", psi=9.0)))
    )
    assert telling(features, []) == ["far", "amount"]
    assert telling(features, [{"feature": "merchant"}, {"feature": "merchant=fuel"}]) == ["merchant", "far", "amount"]


def drawn(name: str, label: str) -> Json:
    parts = [{"label": label, "reference": 0.1, "now": 0.9}, {"label": "b", "reference": 0.9, "now": 0.1}]
    about = {"feature": name, "kind": "categorical", "start": "2026-02-28T00:00:00Z", "end": "2026-03-01T00:00:00Z"}
    return {**about, "rows": 100, "reference_rows": 2000, "parts": parts}


def test_page_and_text_tell_where_the_rows_went():
    found = checked(replace(QUIET, features=(replace(AMOUNT, psi=0.4), *NINE[1:]))).explanation()
    beside = {**past(), "distributions": [drawn("amount", "fuel")]}
    said = "90.0% of rows now, 10.0% in the reference: fuel"
    assert said in " ".join(Page(report_html(found, beside)).text)
    assert 'aria-label="reference 10.0%, now 90.0%"' in report_html(found, beside)
    assert f"amount: {said}" in report_text(found, past=beside)
    assert "no longer holds the counts" in blamed(found, past())
    assert "no feature lies further" in blamed(checked(QUIET).explanation(), past())


def test_names_and_values_from_outside_are_text():
    found = checked(replace(QUIET, features=(replace(AMOUNT, name=EVIL, psi=0.4),))).explanation()
    page = Page(report_html(found, {**past(), "distributions": [drawn(EVIL, EVIL)]}))
    assert page.wrong == []
    assert {"script", "img"} & set(page.elements) == set()
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert "".join(page.text).count("<script>alert(1)</script>") >= 4
