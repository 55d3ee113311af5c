"""The course of a model as its page draws it: what each check measured, up to the run, out of the ledger."""

from dataclasses import replace

from autopilot import view
from autopilot.report.page import report_html
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL
from tests.unit.graph.policy.builders import DAY, HOUR


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
