"""A retrain that failed, and a circuit breaker that opened: one message per run, however often anybody looks."""

from datetime import timedelta

import pytest

from autopilot.serve.failures import Failures
from checkpoints.queries import query
from tests.flows.test_channels import JIRA, Town, town
from tests.flows.test_status import counted
from tests.flows.test_strange_channel import installed  # noqa: F401 - a fixture
from tests.house import DEGRADED, MODEL
from tests.serving import FILE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = FILE.replace("models:", "channels: {slack: {channel: C0123456789}}\nmodels:", 1).replace(
    "channels: [cli, api, web]", "channels: [cli, api, web, slack]"
)
OWNED = TOLD.replace("otto: {}", "otto: {slack: T1/U9, jira: jira-otto}").replace(
    "    task: binary", "    owner: otto\n    task: binary"
)
BOTH = FILE.replace("models:", f"channels: {{slack: {{channel: C0123456789}}, {JIRA}}}\nmodels:", 1)
QUIET = TOLD + '    notify: {quiet_hours: {from: "22:00", until: "07:00"}}\n'


class Watched(Town):
    """A town in which one process goes on telling of failures."""

    def __init__(self, doors, channels):
        super().__init__(doors, channels)
        self.failures = Failures(self.desk)


@pytest.fixture
def opened(home, tmp_path):
    """Open the doors under a text; the town is theirs as long as the test lasts."""
    with_doors = []

    def under(text=TOLD):
        doors, channels = town(home, tmp_path, text)
        with_doors.append(doors)
        return Watched(doors.__enter__(), channels)

    yield under
    for doors in with_doors:
        doors.__exit__(None, None, None)


def fail(place, detail="ValueError: no column amount\nand a traceback") -> str:
    home = place.home
    home.monitor.evidence = DEGRADED
    run: str = home.engine.run(MODEL)
    home.pipeline.end(home.key(run), "failed", detail)
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == "failed"
    return run


def told(place) -> list[str]:
    for _ in range(3):
        for process in (place.failures, Failures(place.desk)):
            process.tell()
        place.tell()
    return [text for _, text in place.channels["slack"].told]


def test_a_retrain_that_failed_is_told_once_to_its_approvers(opened):
    place = opened()
    assert told(place) == []
    run = fail(place)
    assert told(place) == [
        f"The retrain of fraud failed: the training job failed: ValueError: no column amount\n"
        f"https://autopilot.example/inbox/{run}"
    ]
    assert place.channels["slack"].called == [("T1/U1", "T1/U2")]
    place.home.clock.pass_time(HOUR)
    assert len(told(place)) == 1


def test_its_owner_is_called_where_it_has_one(opened):
    place = opened(OWNED)
    fail(place)
    assert len(told(place)) == 1
    assert place.channels["slack"].called == [("T1/U9",)]


@pytest.mark.parametrize("named", ["cli, jira", "slack, jira", "cli"])
def test_where_a_channel_has_no_place_for_it_another_tells_it(opened, named):
    place = opened(BOTH.replace("cli, api, web", named))
    fail(place)
    assert len(told(place)) == 1
    assert place.channels["jira"].told == []
    assert [each["channel"] for each in place.home.book.database.rows("select channel from lines")] == ["slack"]


def test_where_no_channel_has_a_place_for_it_nothing_is_said_to_be_sent(opened):
    place = opened(BOTH.replace("slack: {channel: C0123456789}, ", ""))
    fail(place)
    assert told(place) == []
    assert place.home.book.database.rows("select id from lines") == []


def test_the_run_that_opened_the_breaker_says_so_and_no_other(opened):
    place = opened()
    for _ in range(3):
        fail(place)
        texts = told(place)
        place.home.wait(HOUR)
    assert ["circuit breaker" in text for text in texts] == [False, False, True]
    assert "fraud trains nothing for now: the circuit breaker is open: 3 runs in 30 days failed" in texts[2]
    assert place.home.row(place.home.engine.run(MODEL))["outcome"] == "waiting"
    assert len(told(place)) == 3


def test_denials_are_told_once_they_open_the_breaker(opened):
    place = opened()
    for _ in range(3):
        run = place.home.waiting()
        assert told(place) == []
        place.home.say(run, "deny")
        place.home.wait(HOUR)
    (text,) = told(place)
    assert text.startswith("fraud trains nothing for now: the circuit breaker is open: 3 runs in 30 days")


def test_what_is_no_news_is_judged_once_in_a_process_and_not_for_each_channel(opened, installed):  # noqa: F811
    text = TOLD.replace("C0123456789}", "C0123456789}, pager: {number: 7}").replace("web, slack", "web, slack, pager")
    place = opened(text)
    for _ in range(2):
        place.home.say(place.home.waiting(), "deny")
        place.home.wait(HOUR)
    with counted(place.home.book) as first:
        place.failures.tell()
    assert first.count(query("runs", "history")) == 2
    with counted(place.home.book) as again:
        place.failures.tell()
    assert again == [query("runs", "failed_since")]
    place.home.clock.pass_time(DAY)
    place.failures.tell()
    assert place.failures._no_news == set(), "what is a day old is not remembered"


def test_what_failed_days_ago_is_no_news(opened):
    place = opened()
    fail(place)
    place.home.clock.pass_time(DAY)
    assert told(place) == []


def test_nobody_is_called_in_quiet_hours(opened):
    place = opened(QUIET)
    place.home.clock.at = place.home.clock.now().replace(hour=23)
    fail(place)
    assert told(place) == []
    place.home.clock.pass_time(timedelta(hours=8, minutes=1))
    assert len(told(place)) == 1


def test_a_run_of_a_model_that_is_gone_is_told_and_calls_nobody(opened):
    place = opened(TOLD.replace(f"  {MODEL}:", "  churn:"))
    fail(place)
    assert [text.split(":")[0] for text in told(place)] == ["The retrain of fraud failed"]
    assert place.channels["slack"].called == [()]
