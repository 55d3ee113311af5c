"""Which questions have one cause: the same column, or the labels, of several models within a day."""

from datetime import datetime

import pytest

from graph.policy.incidents import LABELS, Asked, Incident, found
from tests.unit.graph.policy.builders import DAY, HOUR, NOW


def asked(number: int, *features: str, model: str = "", kind: str = "data", at: datetime = NOW) -> Asked:
    return Asked(number, model or f"m{number}", kind, features, at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("questions", "groups"),
    [
        ([], []),
        ([asked(1, "a"), asked(2, "a")], []),
        ([asked(1, "a"), asked(2, "a", "b"), asked(3, "a")], [("data", "a", (1, 2, 3))]),
        # Three questions of one model are no common cause.
        ([asked(1, "a", model="m"), asked(2, "a", model="m"), asked(3, "a", model="m")], []),
        # A question that names no column says nothing about a cause.
        ([asked(n) for n in range(5)], []),
        ([asked(n, kind="label") for n in range(3)], [("label", LABELS, (0, 1, 2))]),
        ([asked(1, "a"), asked(2, "a"), asked(3, kind="label")], []),
        # Each belongs to the largest.
        ([asked(n, "b", "a") for n in range(3)] + [asked(9, "b")], [("data", "b", (0, 1, 2, 9))]),
        (
            [asked(n, "a") for n in range(3)] + [asked(n, "b") for n in range(3, 7)],
            [("data", "b", (3, 4, 5, 6)), ("data", "a", (0, 1, 2))],
        ),
        ([asked(1, "a"), asked(2, "a"), asked(3, "a", at=NOW - DAY)], []),
        ([asked(1, "a"), asked(2, "a"), asked(3, "a", at=NOW - DAY + HOUR)], [("data", "a", (1, 2, 3))]),
    ],
)
def test_what_several_models_ask_about_is_one_incident(questions, groups):
    made = found(questions, [], 3, NOW)
    assert [(each.kind, each.name, each.questions) for each in made] == groups
    assert all(each.id is None for each in made)


@pytest.mark.parametrize(
    ("newest", "joins"), [(NOW, True), (NOW - DAY + HOUR, True), (NOW - DAY, False)]
)  # fmt: skip
def test_one_more_question_joins_an_open_incident_of_its_day(newest, joins):
    known = [Incident("data", "a", 7, newest), Incident("label", LABELS, 8, NOW)]
    made = found([asked(1, "b", "a")], known, 3, NOW)
    assert [(each.id, each.questions) for each in made] == ([(7, (1,))] if joins else [])


def test_the_threshold_is_the_owners():
    assert found([asked(1, "a"), asked(2, "a")], [], 2, NOW)[0].questions == (1, 2)
