"""The course of a model as its page draws it: what each check measured, up to the run, out of the ledger."""

from dataclasses import replace

from autopilot import view
from autopilot.report.around import around
from autopilot.report.page import report_html
from graph.codec import dump
from graph.evidence import Estimate, Interval, WindowRef
from graph.ports import StoredWindow
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL
from tests.unit.autopilot.test_distributions import THEN, profiled, window
from tests.unit.graph.policy.builders import AMOUNT, DAY, HOUR, NOW

ESTIMATE = Estimate(NOW - DAY, NOW, 1000, Interval(0.9, 0.85, 0.95), None, None, None, None)


def days(home, *seen):
    """Check one day after the other; return the runs."""
    runs = []
    for evidence in seen:
        now = home.clock.now()
        home.monitor.evidence = replace(evidence, start=now - DAY, end=now)
        runs.append(home.engine.run(MODEL))
        home.clock.pass_time(DAY)
    return runs


def test_a_course_is_what_checks_measured_up_to_the_run_oldest_first(home):
    runs = days(home, HEALTHY, DEGRADED, HEALTHY)
    course = view.course(home.book, home.row(runs[1]))
    assert [str(check["run"]) for check in course["checks"]] == runs[:2]
    assert [check["labels"]["realised"]["value"] for check in course["checks"]] == [0.905, 0.8]
    assert course["checks"][0]["features"][0] == {"name": "amount", "psi": 0.01, "psi_noise": 0.03}
    assert {check["champion"] for check in course["checks"]} == {"1"}


def test_a_check_without_labels_or_features_is_part_of_it(home):
    runs = days(home, replace(HEALTHY, labels=None, features=()))
    (check,) = view.course(home.book, home.row(runs[0]))["checks"]
    assert (check["labels"], check["features"]) == (None, [])


def test_what_is_set_aside_is_told_while_it_is(home):
    now = home.clock.now()
    home.monitor.evidence = BROKEN
    run = home.engine.run(MODEL)
    assert view.course(home.book, home.row(run))["quarantined"] == [
        {"start": view.time(now - DAY), "end": view.time(now)},
    ]


def test_the_page_draws_it_and_the_document_holds_the_questions(home):
    runs = days(home, HEALTHY, HEALTHY, DEGRADED)
    row = home.row(runs[-1])
    found = view.explanation(home.book, row)
    assert [each["answer"] for each in found["questions"]] == ["no", "no", "yes", "open"]
    page = report_html(found, view.course(home.book, row))
    assert 'class="around"' in page
    assert "3 windows that checks have counted" in page


def test_a_return_that_a_person_asked_for_has_words_in_its_place(home):
    home.say(home.waiting())
    home.clock.pass_time(HOUR)
    row = home.row(home.engine.rollback(MODEL, "ben"))
    found = view.explanation(home.book, row)
    assert (found["evidence"], found["questions"][0]["answer"]) == (None, "not_asked")
    assert "a person asked for a return" in report_html(found, view.course(home.book, row))


def test_how_a_blamed_feature_lies_comes_out_of_the_counts_that_the_check_summed(home):
    now = home.clock.now()
    profile = profiled(THEN)
    row = window({**THEN, "amount": [2000.0] * 1000}, profile)
    counts = {"rows": row["rows"], "numeric": row["features"], "categorical": {}}
    ref = WindowRef("features", now - DAY, now, 1, row["rows"])
    home.book.windows.save_profile(MODEL, "reference", dump(profile))
    kept = StoredWindow(MODEL, "*", row["profile"], "features", now - DAY, now, counts, True, stamp="first")
    home.book.windows.save_window(kept)
    amount = replace(AMOUNT, psi=9.0)
    home.monitor.evidence = replace(DEGRADED, start=now - DAY, end=now, windows=(ref,), features=(amount,))
    run = home.engine.run(MODEL)
    (found,) = view.course(home.book, home.row(run))["distributions"]
    assert (found["feature"], found["rows"], found["reference_rows"]) == ("amount", 1000, 1000)
    assert found["parts"][-1] == {"label": "above 999, the reference's largest", "reference": 0.0, "now": 1.0}
    home.book.windows.save_window(replace(kept, counts={**counts, "rows": 999}, stamp="second"))
    assert view.course(home.book, home.row(run))["distributions"] == []


def test_the_estimate_without_labels_is_part_of_a_course(home):
    runs = days(home, *[replace(HEALTHY, labels=None, estimate=ESTIMATE)] * 3)
    row = home.row(runs[-1])
    found, past = view.explanation(home.book, row), view.course(home.book, row)
    past["checks"] = [
        {**check, "estimate": {**check["estimate"], "start": check["start"], "end": check["end"]}}
        for check in past["checks"]
    ]
    seen = around(found, past)
    assert seen
    (panel,) = [each for each in seen.panels if each.name.startswith("foreseen")]
    assert panel.title == "roc_auc that the scores foresee, without any label"
    assert [(point.low, point.value, point.high) for point in panel.points] == [(0.85, 0.9, 0.95)] * 3
