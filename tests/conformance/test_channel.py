"""What every Channel promises, whatever system is behind it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from graph.errors import Unavailable
from graph.model import ApprovalState, Json
from tests.conformance.channels import CHANNELS
from tests.conformance.places import Place, Shown
from tools import catalogue
from tools.approvals.channel import Notice

NOTICE = Notice(
    nonce="",
    approval="",
    run="5f6f9ab0-6b1c-4d0c-8c43-6c2f3e2b9d10",
    model="fraud-detector-v1",
    champion="3",
    challenger="7",
    headline="Promote version 7: it finds more fraud at the same number of alarms.",
    numbers=(
        ("ROC AUC, challenger less champion", "+0.021 [0.012, 0.030]"),
        ("ROC AUC now", "0.87"),
        ("Since", "2026-03-04"),
    ),
    doubts=("only 412 frauds among the rows", "slower by 3 ms"),
    fingerprint="0123456789abcdef0123",
    expires_at=datetime(2026, 3, 9, 12, tzinfo=UTC),
    state="pending",
    said="0 of 1 approved, until 2026-03-09T12:00:00Z",
    link="https://autopilot.example/runs/5f6f9ab0?tab=report&light=1",
)
CLOSED: dict[ApprovalState, str] = {
    "approved": "approved by ana through web at 2026-03-08T12:00:00Z",
    "denied": 'denied by bo through cli at 2026-03-08T12:00:00Z "too slow"',
    "expired": "expired: nobody answered in time",
    "voided": "voided: the champion alias moved from 3 to 4",
}
MARKUP = "<!channel> <@U0G9QF9C6> <#C024BE91L|x> @channel [~accountid:5b10] {code} </b> *a* & &lt; {{7*7}} <http://x|y>"


def notice(**changes: object) -> Notice:
    """Return a request that nobody has asked yet."""
    return replace(NOTICE, nonce=str(uuid4()), approval=str(uuid4()), **changes)  # type: ignore[arg-type]


def stored(known: Json) -> Json:
    """Return what a channel gave as it comes back from a row, which is read by another process."""
    found: Json = json.loads(json.dumps(known))
    return found


def alone(shown: Sequence[Shown]) -> Shown:
    assert len(shown) == 1
    return shown[0]


def tells(place: Place) -> bool:
    """Return what its kind says of itself; the fake has a place for everything."""
    kind = place.channel.kind
    return catalogue.channel(kind).tells if kind in catalogue.CHANNELS else True


@pytest.fixture(params=CHANNELS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with CHANNELS[request.param](request) as here:
        yield here


def test_a_request_shows_what_a_person_decides_on(place: Place) -> None:
    asked = notice()
    known = stored(place.channel.post(asked))
    shown = alone(place.shown(asked.nonce))
    assert known["id"]
    assert shown.can_answer
    numbers = [part for number in asked.numbers for part in number]
    wanted = [asked.headline, asked.model, "3", "7", *numbers, *asked.doubts, "0123456789ab", asked.run]
    wanted += [asked.said] if place.rewrites else ["2026-03-09T12:00:00Z"]
    assert [text for text in wanted if text not in shown.text] == []
    assert str(asked.link) in shown.text
    assert asked.fingerprint not in shown.text


def test_a_request_without_champion_numbers_doubts_or_page_is_shown(place: Place) -> None:
    asked = notice(champion=None, numbers=(), doubts=(), link=None)
    place.channel.post(asked)
    shown = alone(place.shown(asked.nonce))
    assert shown.can_answer
    assert asked.headline in shown.text
    assert "None" not in shown.text


def test_people_are_called_by_name(place: Place) -> None:
    asked = notice(call=place.people)
    place.channel.post(asked)
    assert alone(place.shown(asked.nonce)).called == place.people


def test_a_request_is_not_found_before_it_is_posted(place: Place) -> None:
    place.channel.post(notice())
    assert place.channel.find(notice()) is None


def test_another_process_finds_a_request(place: Place) -> None:
    asked = notice()
    known = place.channel.post(asked)
    place.channel.post(notice())
    place.channel.tell(asked.nonce, "The same nonce in another place is not the request.", ())
    found = place.channel.find(asked)
    assert found == (known if place.finds else None)


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_request_has_no_buttons_and_says_what_became_of_it(place: Place, state: ApprovalState) -> None:
    asked = notice(call=place.people)
    known = stored(place.channel.post(asked))
    closed = replace(asked, state=state, said=CLOSED[state])
    for _ in range(2):
        place.channel.update(known, closed)
        shown = alone(place.shown(asked.nonce))
        assert not shown.can_answer
        assert CLOSED[state] in shown.text
        assert asked.headline in shown.text


def test_a_request_that_waits_on_shows_what_is_missing_and_keeps_its_buttons(place: Place) -> None:
    asked = notice()
    known = stored(place.channel.post(asked))
    place.channel.update(known, replace(asked, said="1 of 2 approved, until 2026-03-09T12:00:00Z"))
    shown = alone(place.shown(asked.nonce))
    assert shown.can_answer
    assert "1 of 2 approved" in shown.text
    assert asked.said not in shown.text


def test_a_line_stands_beside_its_request_and_calls_people(place: Place) -> None:
    asked, other = notice(), notice()
    known, beside = stored(place.channel.post(asked)), stored(place.channel.post(other))
    place.channel.say(known, str(uuid4()), "Still waiting, 6 hours left.", place.people[1:])
    said = place.lines(known)
    assert len(said) == 1
    assert "Still waiting, 6 hours left." in said[0]
    assert place.people[1] in said[0]
    assert place.people[0] not in said[0]
    assert list(place.lines(beside)) == []


def test_a_word_to_everybody_belongs_to_no_request(place: Place) -> None:
    text = f"3 requests wait ({uuid4()}):\nfraud-detector-v1 until 2026-03-09\nhttps://autopilot.example/?state=waiting&all=1"
    place.channel.tell(str(uuid4()), text, ())
    told = [each for each in place.told() if text.splitlines()[0] in each]
    assert len(told) == (1 if tells(place) else 0)
    assert [line for line in text.splitlines() if line not in "".join(told)] == [] or not told


def test_a_word_to_everybody_calls_people(place: Place) -> None:
    text = f"the retrain of fraud-detector-v1 failed ({uuid4()})"
    place.channel.tell(str(uuid4()), text, place.people[1:])
    told = [each for each in place.told() if text in each]
    assert len(told) == (1 if tells(place) else 0)
    for each in told:
        assert place.people[1] in each
        assert place.people[0] not in each


def test_what_comes_from_outside_is_shown_as_it_is(place: Place) -> None:
    asked = notice(
        headline=MARKUP, model=MARKUP, champion=MARKUP, challenger=MARKUP, numbers=((MARKUP, MARKUP),), doubts=(MARKUP,)
    )
    asked = replace(asked, said=MARKUP)
    known = stored(place.channel.post(asked))
    shown = alone(place.shown(asked.nonce))
    assert shown.called == ()
    assert shown.text.count(MARKUP) >= 5
    place.channel.update(known, replace(asked, state="denied"))
    assert alone(place.shown(asked.nonce)).called == ()
    place.channel.say(known, str(uuid4()), MARKUP, ())
    assert "<!channel> <@U0G9QF9C6>" in place.lines(known)[0]


@pytest.mark.parametrize("character", ["w", "<", "&", "é", "😀", "\n", "\x00"])
def test_what_is_too_long_is_cut(place: Place, character: str) -> None:
    long = "why " + character * 20_000
    asked = notice(headline=long, numbers=((long, long),) * 3, doubts=(long,) * 30, said=long)
    known = stored(place.channel.post(asked))
    assert alone(place.shown(asked.nonce)).text.count("why") >= 4
    place.channel.update(known, replace(asked, state="voided"))
    assert not alone(place.shown(asked.nonce)).can_answer
    place.channel.say(known, str(uuid4()), long, place.people)
    place.channel.tell(str(uuid4()), long, place.people)


def test_after_a_lost_reply_the_request_is_found_or_asked_again_under_its_nonce(place: Place) -> None:
    asked = notice()
    place.lose_a_reply()
    if place.adopts:
        place.channel.post(asked)
    else:
        with pytest.raises(Unavailable) as error:
            place.channel.post(asked)
        assert error.value.hint
    found = place.channel.find(asked)
    assert (found is not None) == place.finds
    known = stored(found or place.channel.post(asked))
    assert len(place.shown(asked.nonce)) == (1 if place.finds else 2)
    place.channel.update(known, replace(asked, state="approved", said=CLOSED["approved"]))
    assert [shown.can_answer for shown in place.shown(asked.nonce)].count(False) == 1


def test_a_channel_that_is_away_is_asked_again_later(place: Place) -> None:
    asked = notice()
    known = stored(place.channel.post(asked))
    place.go_away()
    channel = place.channel
    asks: list[Callable[[], object]] = [
        lambda: channel.post(notice()),
        lambda: channel.update(known, asked),
        lambda: channel.say(known, str(uuid4()), "Still waiting.", ()),
    ]
    asks += [lambda: channel.tell(str(uuid4()), "3 requests wait.", ())] if tells(place) else []
    asks += [lambda: channel.heard(known, asked)] if place.hears else []
    for ask in asks:
        with pytest.raises(Unavailable) as error:
            ask()
        assert error.value.hint
    place.go_away(False)
    place.channel.update(known, replace(asked, said="back again"))
    assert "back again" in alone(place.shown(asked.nonce)).text


def test_answers_are_heard_oldest_first_where_they_are_read(place: Place) -> None:
    asked = notice()
    known = stored(place.channel.post(asked))
    assert list(place.channel.heard(known, asked)) == []
    if not place.hears:
        return
    place.hear(known, place.people[0], "deny", "too slow")
    first = place.channel.heard(known, asked)
    assert [(each.who, each.decision, each.comment, each.doubt) for each in first] == [
        (place.people[0], "deny", "too slow", "")
    ]
    assert first[0].at.utcoffset() == timedelta(0)
    assert list(place.channel.heard(known, asked)) == list(first)
