"""What channels are told and heard: each request once, as it stands, whatever dies or is away; answers by one rule."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from autopilot import view as views
from autopilot.serve.hearing import hear
from autopilot.serve.reminding import digest, remind
from autopilot.serve.telling import Teller
from autopilot.web.timeline import timeline
from graph.errors import Refused, Unavailable
from tests.browsing import browser, read
from tests.browsing import doors as pages
from tests.carrying import Carrier
from tests.fakes.channel import FakeChannel
from tests.house import HEALTHY, MODEL
from tests.serving import FILE, serving
from tests.unit.graph.policy.builders import SPEC
from tools.approvals.channel import Channel, Heard

KINDS = ("slack", "jira")
ADDRESSES = {"slack": ("T1/U1", "T1/U2"), "jira": ("jira-ana", "jira-ben")}
JIRA = "jira: {url: 'https://j.example', project: ML, approved: [A], denied: [D]}"
TIMES = """    notify:
      remind_every: 12h
      escalate: {after: 1d, to: [otto]}
      quiet_hours: {from: "22:00", until: "07:00"}
"""


class Town:
    """A house with a channel of each kind, and the hands that tell and hear them."""

    def __init__(self, doors, channels):
        self.doors, self.home, self.desk, self.channels = doors, doors.home, doors.desk, channels

    def tell(self):
        for kind in self.channels:
            Teller(self.desk, kind).turn()

    def hear(self):
        for kind in self.channels:
            hear(self.desk, kind)

    def carry_on(self):
        Carrier(self.desk).turn(lambda: False)

    def known(self, kind):
        return {"id": next(iter(self.channels[kind].shows))}


def town(home, folder, text=FILE, kinds=KINDS):
    channels = {kind: FakeChannel(kind) for kind in kinds}
    made: dict[str, Callable[[], Channel]] = {kind: partial(channels.__getitem__, kind) for kind in kinds}
    text = text.replace("otto: {}", "otto: {slack: T1/U9, jira: jira-otto}")
    return serving(home, folder, made, text=text), channels


@pytest.fixture
def place(home, tmp_path):
    opened, channels = town(home, tmp_path)
    with opened as doors:
        yield Town(doors, channels)


def test_a_request_is_shown_once_in_every_channel(place):
    run = place.home.waiting()
    for _ in range(3):
        place.tell()
    for kind in KINDS:
        (shown,) = place.channels[kind].posts
        assert (shown.run, shown.state) == (run, "pending")
        assert shown.call == ADDRESSES[kind]
        assert shown.link == f"https://autopilot.example/inbox/{run}"
        assert len(shown.numbers) <= 3
        assert place.channels[kind].updates == []


@pytest.mark.parametrize("answered", ["approve", "deny"])
def test_what_was_decided_elsewhere_is_shown_everywhere(place, answered):
    run = place.home.waiting()
    place.tell()
    place.home.say(run, answered, channel="web")
    place.tell()
    for channel in place.channels.values():
        ((_, told),) = channel.updates
        assert told.state == {"approve": "approved", "deny": "denied"}[answered]
        assert "by ana through web" in told.said


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_there_is_an_answer(place, kind):
    run = place.home.waiting()
    place.tell()
    heard = Heard(ADDRESSES[kind][0], "approve", place.home.clock.now(), "fine")
    place.channels[kind].hear(place.known(kind), heard)
    for _ in range(2):
        place.hear()
    assert place.home.book.approval(run).state == "approved"
    place.carry_on()
    assert (place.home.row(run)["outcome"], place.home.champion()) == ("promoted", "2")
    place.hear()
    place.tell()
    assert [told.state for _, told in place.channels[kind].updates] == ["approved"]
    assert place.channels[kind].said == []


@pytest.mark.parametrize(
    ("who", "doubt", "words"),
    [
        ("T9/U9", "", "nobody under people"),
        ("T1/U9", "", "otto is not an approver"),
        ("T1/U1", "its description was changed", "its description was changed"),
    ],
)
def test_an_answer_that_does_not_count_is_said_there_once(place, who, doubt, words):
    run = place.home.waiting()
    place.tell()
    heard = Heard(who, "approve", place.home.clock.now(), doubt=doubt)
    place.channels["slack"].hear(place.known("slack"), heard)
    for _ in range(3):
        place.hear()
        place.tell()
    assert place.home.book.approval(run).state == "pending"
    ((_, _, text, _),) = place.channels["slack"].said
    assert words in text
    assert "does not count" in text


def test_a_channel_that_is_away_holds_up_nothing_and_is_told_later(place):
    place.channels["slack"].away = Unavailable("slack does not answer")
    run = place.home.waiting()
    place.tell()
    assert [len(place.channels[kind].posts) for kind in KINDS] == [0, 1]
    shown = {row["channel"]: row for row in place.home.book.views.of(run)}
    assert (shown["slack"]["failed"], shown["slack"]["posted"]) == ("slack does not answer", False)
    place.channels["slack"].away = None
    place.home.clock.pass_time(timedelta(seconds=2))
    place.tell()
    assert [len(place.channels[kind].posts) for kind in KINDS] == [1, 1]


def test_what_was_decided_while_it_was_away_is_not_asked_any_more(place):
    place.channels["slack"].away = Refused("the bot was thrown out", "invite it")
    run = place.home.waiting()
    place.tell()
    place.home.say(run, "deny")
    place.channels["slack"].away = None
    place.home.clock.pass_time(timedelta(hours=1))
    place.tell()
    assert place.channels["slack"].posts == []
    assert len(place.channels["jira"].updates) == 1


@pytest.mark.parametrize("finds", [True, False])
def test_a_lost_reply_is_looked_for_and_else_said_with_the_same_nonce(place, finds):
    channel = place.channels["slack"]
    channel.finds, channel.replies_to_lose = finds, 1
    place.home.waiting()
    for _ in range(2):
        place.tell()
        place.home.clock.pass_time(timedelta(seconds=5))
    assert len(channel.posts) == (1 if finds else 2)
    assert len({each.nonce for each in channel.posts}) == 1


def moved_alias(home):
    other = home.registry.add_version(SPEC.registry, home.registry.log_run("x", {"model.skops": b"x"}))
    home.registry.point(SPEC.registry, "champion", other.version)


def changed_policy(home):
    home.spec[0] = replace(home.spec[0], digest="another")


def healthy_again(home):
    home.monitor.evidence = HEALTHY
    home.clock.pass_time(timedelta(hours=2))
    home.engine.run(MODEL)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (moved_alias, "the champion alias moved"),
        (changed_policy, "policy in autopilot.yaml changed"),
        (healthy_again, ""),
    ],
)
def test_a_void_request_says_why_in_every_channel(place, change, words):
    run = place.home.waiting()
    place.tell()
    change(place.home)
    place.carry_on()
    place.tell()
    assert place.home.row(run)["outcome"] == "voided"
    for channel in place.channels.values():
        (_, told) = channel.updates[-1]
        assert told.state == "voided"
        assert words in told.said
        assert len(told.said) > len("voided: ")


def just_before(home, run):
    """Let the request's time end; return the moment before."""
    ends = home.book.approval(run).expires_at
    home.clock.at = ends + timedelta(seconds=20)
    return ends - timedelta(seconds=5)


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_answer_given_in_time_and_read_too_late_counts(place, decision):
    run = place.home.waiting()
    place.tell()
    place.hear()
    given = just_before(place.home, run)
    place.channels["jira"].hear(place.known("jira"), Heard("jira-ana", decision, given))
    place.home.engine.carry_on(run)  # such as by a scheduled `autopilot run`, which reads no channel
    place.carry_on()
    assert place.home.book.approval(run).state == "pending"
    place.hear()
    place.carry_on()
    assert place.home.row(run)["outcome"] == {"approve": "promoted", "deny": "denied"}[decision]


def test_an_answer_given_too_late_does_not_count(place):
    run = place.home.waiting()
    place.tell()
    late = just_before(place.home, run) + timedelta(seconds=10)
    place.channels["jira"].hear(place.known("jira"), Heard("jira-ana", "approve", late))
    place.hear()
    place.home.engine.carry_on(run)
    place.tell()
    assert place.home.row(run)["outcome"] == "expired"
    assert "expired at" in place.channels["jira"].said[0][2]


def test_a_channel_that_is_away_holds_the_end_up_for_an_hour(place):
    run = place.home.waiting()
    place.tell()
    just_before(place.home, run)
    place.channels["jira"].away = Unavailable("jira does not answer")
    for outcome in (None, "expired"):
        place.hear()
        place.home.engine.carry_on(run)
        assert place.home.row(run)["outcome"] == outcome
        place.home.clock.pass_time(timedelta(hours=1))
    assert "jira could not be read for 60 minutes after it" in place.home.book.approval(run).reason


def test_reminders_escalation_and_quiet_hours(home, tmp_path):
    opened, channels = town(home, tmp_path, FILE + TIMES, ("slack",))
    with opened as doors:
        place = Town(doors, channels)
        home.clock.at = home.clock.now().replace(hour=10)
        place.home.waiting()
        place.tell()
        for _ in range(13):  # from 10 in the morning on, every two hours
            home.clock.pass_time(timedelta(hours=2))
            for _ in range(2):
                remind(place.desk)
                place.tell()
        said = [(text.split(",")[0].split(":")[0], call) for _, _, text, call in channels["slack"].said]
    # At 8, when the quiet hours are over, and at 10, when both are due.
    assert sorted((text[:11], call) for text, call in said) == [
        ("Nobody has ", ("T1/U9",)),
        ("Still waits", ADDRESSES["slack"]),
        ("Still waits", ADDRESSES["slack"]),
    ]
    assert said[0][0].startswith("Still waits")


def test_the_course_of_a_run_names_its_reminders(home, tmp_path):
    opened, channels = town(home, tmp_path, FILE + TIMES, ("slack",))
    with opened as doors:
        place = Town(doors, channels)
        home.clock.at = home.clock.now().replace(hour=8)
        run = home.waiting()
        place.tell()
        home.clock.pass_time(timedelta(hours=13))
        remind(place.desk)
        found, approval = views.explanation(home.book, home.row(run)), home.book.approval(run)

        def reminders():
            return [
                each for each in timeline(found, approval, home.book.views.lines_of(run)) if each.kind == "reminder"
            ]

        assert [each.text.endswith("(not said yet)") for each in reminders()] == [True]
        place.tell()
        with browser(pages(place.desk), doors.tokens["vera"]) as vera:
            shown = read(vera.get(f"/inbox/{run}/timeline").text).text
    (reminder,) = reminders()
    assert reminder.at == views.time(home.clock.now())
    assert reminder.text.startswith("in slack: Still waits for an answer")
    assert reminder.text in shown


def test_nobody_is_called_in_quiet_hours(home, tmp_path):
    opened, channels = town(home, tmp_path, FILE + TIMES, ("slack",))
    with opened as doors:
        place = Town(doors, channels)
        home.clock.at = home.clock.now().replace(hour=23)
        place.home.waiting()
        place.tell()
        assert channels["slack"].posts == []
        home.clock.pass_time(timedelta(hours=8, minutes=1))
        place.tell()
        assert len(channels["slack"].posts) == 1


def test_many_requests_become_one_message_a_day(home, tmp_path):
    text = FILE.replace("inbox: {", "inbox: {digest: {above: 0, at: '09:00'}, ").replace(
        "models:", f"channels: {{slack: {{channel: C0123456789}}, {JIRA}}}\nmodels:"
    )
    opened, channels = town(home, tmp_path, text)
    with opened as doors:
        place = Town(doors, channels)
        run = place.home.waiting()
        place.tell()
        digest(place.desk)
        place.tell()
        assert (channels["slack"].posts, channels["slack"].told) == ([], [])
        home.clock.pass_time(timedelta(days=1))
        for _ in range(2):
            digest(place.desk)
            place.tell()
    ((_, said),) = channels["slack"].told
    assert said.startswith("1 request more")
    assert f"https://autopilot.example/inbox/{run}" in said
    assert (len(channels["jira"].posts), channels["jira"].told) == (1, []), "it has no place for a digest"
