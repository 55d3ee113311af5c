"""What checks in shadow would have begun, beside what people then did."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from graph.policy.agreement import Agreement, Case, Look, agreement, suggestion

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def looks(days: str) -> list[Look]:
    """Return a check a day: a letter is the version that serves, in capitals where the check would have acted."""
    return [
        Look(str(day), FIRST + day * DAY, said.lower() if said.isalpha() else None, said.isupper() or said == "!")
        for day, said in enumerate(days)
    ]


def ends(days: str, later: int = 0) -> list[tuple[int, str]]:
    """Return the day of each case and how it ended, `later` days after the last check."""
    found = agreement(looks(days), FIRST + (len(days) - 1 + later) * DAY)
    return [(int(case.run), case.ended) for case in found.cases]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("", []),
        ("aaaaaaaa", []),
        # It wished, and people changed the champion …
        ("aaAb", [(2, "agreed")]),
        ("aaAAaAb", [(2, "agreed")]),
        # … within a week, and no later.
        ("aAaaaaaab", [(1, "agreed")]),
        ("aAaaaaaaab", [(1, "ignored"), (9, "unforeseen")]),
        # Whoever keeps wishing begins anew each week.
        ("AAAAAAAAAA", [(0, "ignored"), (8, "open")]),
        # Nobody wished.
        ("aaab", [(3, "unforeseen")]),
        # The check that sees the new version may wish again itself.
        ("aAB", [(1, "agreed"), (2, "open")]),
        # There is time yet.
        ("aaA", [(2, "open")]),
        # A first version.
        ("--a", [(2, "unforeseen")]),
        ("-!a", [(1, "agreed")]),
    ],
)
def test_wishes_and_what_people_did(days: str, expected: list[tuple[int, str]]):
    assert ends(days) == expected


@pytest.mark.parametrize(("later", "expected"), [(7, "open"), (8, "ignored")])
def test_a_wish_that_nobody_followed_ends_in_a_week(later: int, expected: str):
    assert ends("aaA", later) == [(2, expected)]


def test_agreement_of_twenty_decisions_is_what_a_hand_counts():
    # By hand: wished on 1, b on 3, agreed; wished on 5, c on 6, agreed; d on 8, nobody wished; wished on 10, and on 17
    # still, nobody followed, ignored.
    days = "aAab" + "bBc" + "cd" + "dDddddddDd" + "d"
    found = agreement(looks(days), FIRST + 19 * DAY)
    assert found.looks == 20
    assert [(case.run, case.ended) for case in found.cases] == [
        ("1", "agreed"),
        ("5", "agreed"),
        ("8", "unforeseen"),
        ("10", "ignored"),
    ]
    assert (found.agreed, found.closed) == (2, 4)


def counted(ended: Iterable[str]) -> Agreement:
    return Agreement(tuple(Case("", FIRST, each) for each in ended), 100)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (["agreed"] * 4, "in 4 of 4 cases: too few to say more, 5 are asked for"),
        (["agreed"] * 5, "in 5 of 5 cases: it may be let to ask for approvals"),
        ([*["agreed"] * 4, "ignored"], "in 4 of 5 cases: it may be let to ask for approvals"),
        ([*["agreed"] * 4, "ignored", "unforeseen"], "in 4 of 6 cases: less than 80%, leave it in shadow"),
        ([*["agreed"] * 4, "open"], "in 4 of 4 cases: too few"),
        ([], "in 0 of 0 cases: too few"),
    ],
)
def test_a_suggestion_rests_on_enough_cases(ended: list[str], said: str):
    assert said in suggestion(counted(ended))
