"""Where a model stands, who comes first, what is chosen and on which page, and how a terminal says it."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autopilot import cron
from autopilot.cli import parser
from autopilot.cli.fleet_text import fleet_text
from autopilot.cli.watching import watch
from autopilot.fleet import choice, standing
from autopilot.fleet.choice import Choice, chosen, require_words
from autopilot.fleet.roster import Entry
from autopilot.fleet.telling import now as said_now
from graph.errors import Misconfigured, Unavailable
from graph.pause import Pause
from tests.unit.graph.policy.builders import DAY, HOUR, NOW

ROW = {
    "verdict": "healthy", "cause": "none", "action": "none", "reason": "all is well", "champion": "3",
    "checked_at": NOW - HOUR / 2, "checked_by": "r1", "active": None, "active_status": None, "active_error": None,
    "begun_at": None, "failed": None, "failure": None, "blocked_by": None,
}  # fmt: skip
PAUSE = Pause("tag", "payments", "ana", NOW, "freeze")
HOURLY = Entry(schedule="0 * * * *", tags=("payments",), owner="ben", group="cards")


def document(row=None, entry=HOURLY, pauses=(), name="fraud"):
    return standing.document(standing.known(name, row, entry, pauses, NOW, cron.late_since))


@pytest.mark.parametrize(
    ("row", "entry", "pauses", "states"),
    [
        # Nothing calls for anybody.
        (ROW, HOURLY, (), []),
        (ROW, Entry(), (), []),
        # Silence is not health, and never checked is late from the first firing on.
        (None, Entry(), (), ["silent"]),
        (None, HOURLY, (), ["overdue", "silent"]),
        ({**ROW, "verdict": "insufficient"}, HOURLY, (), ["silent"]),
        # Due at 10:00, and half an hour of patience is over now.
        ({**ROW, "checked_at": NOW - HOUR}, HOURLY, (), ["overdue"]),
        # A check that is being made, or failed, was begun on time; one that failed says nothing of the model.
        ({**ROW, "checked_at": NOW - 5 * HOUR, "begun_at": NOW}, HOURLY, (), []),
        ({**ROW, "begun_at": NOW, "failed": "r2", "failure": "MLflow"}, HOURLY, (), ["silent"]),
        # Without a schedule, or held, nothing is late.
        ({**ROW, "checked_at": NOW - 50 * HOUR}, Entry(), (), []),
        ({**ROW, "checked_at": NOW - 50 * HOUR}, HOURLY, (PAUSE,), ["paused"]),
        # What an open run waits for.
        ({**ROW, "active": "r3", "active_status": "awaiting_approval"}, Entry(), (), ["awaiting_approval", "open"]),
        ({**ROW, "active": "r3", "active_status": "training"}, Entry(), (), ["training", "open"]),
        ({**ROW, "active": "r3", "active_status": "rolling_out", "active_error": "MLflow"}, Entry(), (),
         ["stopped", "open"]),
        ({**ROW, "verdict": "degraded", "blocked_by": "cooldown"}, Entry(), (), ["blocked"]),
        (ROW, Entry(mode="shadow"), (), ["shadow"]),
        # Several at once, the most urgent first.
        ({**ROW, "active": "r3", "active_status": "awaiting_approval"}, replace(HOURLY, mode="shadow"), (PAUSE,),
         ["awaiting_approval", "open", "paused", "shadow"]),
        # No longer in the file: what it left is shown, and its tags are gone with it.
        (ROW, None, (PAUSE,), []),
        (ROW, None, (Pause("all", None, "ana", NOW, "x"),), ["paused"]),
    ],
)  # fmt: skip
def test_the_states_of_a_model(row, entry, pauses, states):
    assert document(row, entry, pauses)["states"] == states


def test_a_model_tells_who_holds_it_and_since_when_it_is_overdue():
    found = document({**ROW, "checked_at": NOW - 3 * HOUR})
    assert (found["overdue_since"], found["paused"]) == ("2026-03-01T10:00:00Z", None)
    assert (found["owner"], found["group"], found["tags"], found["mode"]) == (
        "ben",
        "cards",
        ["payments"],
        "supervised",
    )
    held = document(ROW, pauses=(PAUSE,))["paused"]
    assert (held["by"], held["reason"], held["scope"], held["name"]) == ("ana", "freeze", "tag", "payments")
    assert held["next"] == "autopilot unpause --tag payments"


def at(hour, minute=0, second=0):
    return NOW.replace(hour=hour, minute=minute, second=second)


@pytest.mark.parametrize(
    ("schedule", "now", "late"),
    [
        # Patience is half the interval, …
        ("0 * * * *", at(10, 29, 59), at(9)),
        ("0 * * * *", at(10, 30), at(10)),
        ("*/10 * * * *", at(10, 24, 59), at(10, 10)),
        ("*/10 * * * *", at(10, 25), at(10, 20)),
        # … and an hour at most.
        ("0 6 * * *", at(6, 59), at(6) - DAY),
        ("0 6 * * *", at(7), at(6)),
        # At the very moment of a firing, that one is not late.
        ("0 * * * *", at(10), at(9)),
    ],
)
def test_since_when_a_model_is_overdue(schedule, now, late):
    assert cron.late_since(schedule, now) == late


MODELS = [
    document(ROW, Entry(owner="ana", tags=("a",)), name="calm"),
    document({**ROW, "verdict": "degraded", "blocked_by": "budget"}, Entry(owner="ben", tags=("a", "b")), name="held"),
    document({**ROW, "checked_at": NOW - 9 * HOUR}, HOURLY, name="late"),
    document({**ROW, "verdict": "broken_data"}, Entry(), name="broken"),
    document({**ROW, "active": "r", "active_status": "awaiting_approval"}, Entry(), name="asks"),
    document(None, Entry(), name="new"),
    document(ROW, Entry(group="cards"), name="Zebra"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        # Who calls for a person comes first, those who do not by name.
        (Choice(), ["late", "asks", "broken", "held", "new", "Zebra", "calm"]),
        (Choice(sort="model"), ["asks", "broken", "calm", "held", "late", "new", "Zebra"]),
        (Choice(sort="model", descending=True), ["Zebra", "new", "late", "held", "calm", "broken", "asks"]),
        # What has no value comes last, whichever way round.
        (Choice(sort="owner"), ["calm", "held", "late", "Zebra", "asks", "broken", "new"]),
        (Choice(sort="owner", descending=True), ["held", "late", "calm", "Zebra", "asks", "broken", "new"]),
        (Choice(state="overdue"), ["late"]),
        (Choice(state="silent"), ["new"]),
        (Choice(tag="a"), ["held", "calm"]),
        (Choice(tag="a", owner="ben"), ["held"]),
        (Choice(group="cards"), ["late", "Zebra"]),
        (Choice(verdict="none"), ["new"]),
        (Choice(verdict="broken_data"), ["broken"]),
        (Choice(text="WELL calm"), ["calm"]),
        (Choice(text="nothing of it"), []),
    ],
)
def test_what_is_chosen_and_in_which_order(asked, names):
    assert [each["model"] for each in chosen(MODELS, asked).rows] == names


@pytest.mark.parametrize(
    ("page", "limit", "names", "pages", "first"),
    [
        (1, None, 7, 1, 1),
        (1, 3, 3, 3, 1),
        (3, 3, 1, 3, 7),
        (9, 3, 1, 3, 7),
        (1, 7, 7, 1, 1),
    ],
)
def test_pages(page, limit, names, pages, first):
    found = chosen(MODELS, Choice(page=page), limit)
    assert (len(found.rows), found.pages, found.first, found.found) == (names, pages, first, 7)


@pytest.mark.parametrize("asked", [Choice(state="odd"), Choice(verdict="odd"), Choice(sort="odd")])
def test_a_word_that_there_is_not_is_told_with_those_there_are(asked):
    with pytest.raises(Misconfigured, match="there is no") as refused:
        require_words(asked)
    assert ", " in refused.value.hint


def test_the_command_line_knows_the_same_words():
    assert tuple(standing.STATES) == parser.STATES
    assert parser.COLUMNS == choice.COLUMNS


def test_the_summary_counts_all_of_them():
    summary = standing.summary(MODELS)
    assert summary["models"] == 7
    assert summary["verdicts"] == {"healthy": 4, "degraded": 1, "broken_data": 1, "insufficient": 0, "none": 1}
    counted = {name: number for name, number in summary["states"].items() if number}
    assert counted == {"overdue": 1, "awaiting_approval": 1, "blocked": 1, "open": 1, "silent": 1}


def found():
    models = [{**each, "spent": None} for each in MODELS]
    return {"models": models, "summary": standing.summary(models), "budget": None, "incidents": []}


def test_the_screen_counts_alerts_and_says_which_part_it_shows():
    lines = fleet_text(found(), chosen(found()["models"], Choice(), 3), 110).splitlines()
    assert lines[0] == "7 models: 4 healthy · 1 degraded · 1 broken data · 1 unknown"
    assert "1 not checked on time" in lines[1]
    assert lines[2] == "! not checked on time: late (last 2026-03-01 01:30Z)"
    assert [line.split()[0] for line in lines[4:8]] == ["model", "late", "asks", "broken"]
    assert lines[-1] == "1–3 of 7   next: autopilot status --page 2"
    assert max(map(len, lines)) <= 110


def test_the_next_page_is_of_the_same_choice():
    asked = Choice(tag="a", sort="owner", descending=True, text="is well")
    text = fleet_text(found(), chosen(found()["models"], asked, 1), 300)
    assert "next: autopilot status --tag a --text 'is well' --sort owner --reverse --page 2" in text


def test_a_model_that_was_never_checked_is_unknown_not_healthy():
    text = fleet_text(found(), chosen(found()["models"], Choice(text="never")), 200)
    assert "unknown" in text
    assert "never checked" in text


def test_where_nothing_fits_or_nothing_is_what_to_do_is_said():
    assert "autopilot init" in fleet_text({"models": []}, chosen([], Choice()), 80)
    assert "no model fits" in fleet_text(found(), chosen(found()["models"], Choice(tag="odd")), 80)


def test_what_a_model_says_obeys_no_terminal():
    odd = [{**document({**ROW, "reason": "\x1b[2Jgone"}), "spent": None}]
    text = fleet_text(
        {"models": odd, "summary": standing.summary(odd), "budget": None, "incidents": []}, chosen(odd, Choice()), 200
    )
    assert "\x1b" not in text


def test_an_open_run_is_not_told_beside_what_it_waits_for():
    assert said_now(MODELS[4]) == "awaiting approval"
    assert said_now(document({**ROW, "active": "r", "active_status": "running"}, Entry())) == "open"
    assert said_now(MODELS[0]) == "–"


def test_a_watched_screen_is_drawn_again_until_somebody_ends_it():
    drawn = io.StringIO()
    away = Unavailable("the database did not answer", "autopilot doctor")
    seen: Iterator[str | Unavailable] = iter(["first\nmodel", away, "x"])
    waits: list[float] = []

    def draw() -> str:
        each = next(seen)
        if isinstance(each, Unavailable):
            raise each
        return each

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    assert watch(draw, drawn, wait) == 0
    assert len(waits) == 3
    assert drawn.getvalue().count("\x1b[H") == 3
    assert "first\x1b[K\nmodel\x1b[K\n\x1b[J" in drawn.getvalue()
    assert "did not answer" in drawn.getvalue()


def test_an_error_that_a_person_must_mend_ends_a_watched_screen():
    def draw() -> str:
        raise Misconfigured("autopilot.yaml:3: not YAML")

    with pytest.raises(Misconfigured):
        watch(draw, io.StringIO(), lambda _: None)
