"""The door of LangGraph's local server: who may do what, and what is left of a request that may run."""

from datetime import UTC, datetime

import pytest

from autopilot.studio.door import Door, Who
from graph.errors import AutopilotError, Misconfigured, NotFound, Refused
from graph.model import Answer
from graph.thread import Position

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WAITS = Position("waiting", "4f9c", "approval", "r1")
ANA, OLGA, VIC, HERE = Who("ana", "approver"), Who("olga", "operator"), Who("vic", "viewer"), Who()


class Product:
    """What the door asks for, and what it was told."""

    def __init__(self, at: Position = WAITS) -> None:
        self.at = at
        self.taken: list[tuple[str, Answer]] = []
        self.opened: list[tuple[str, str | None]] = []

    def door(self) -> Door:
        return Door({"ap_ana": ANA, "ap_vic": VIC}.get, lambda thread: self.at, self._open, self._take, lambda: NOW)

    def _open(self, model: str, person: str | None) -> str:
        if model != "fraud":
            raise NotFound(f"no model {model}")
        self.opened.append((model, person))
        return "r9"

    def _take(self, run: str, answer: Answer) -> None:
        if answer.comment == "too late":
            raise Refused("it is denied already")
        self.taken.append((run, answer))


def test_an_answer_becomes_a_row_and_nothing_of_it_runs():
    product, asked = Product(), {"input": None, "command": {"resume": {"decision": "deny", "comment": "no"}}}
    product.door().admit(ANA, "t1", asked)
    assert product.taken == [("r1", Answer("ana", "deny", "studio", NOW, "no"))]
    assert asked == {"input": None, "command": None}


@pytest.mark.parametrize("who", [HERE, VIC, ANA])
def test_a_token_inside_the_answer_says_whose_it_is(who):
    product = Product()
    product.door().admit(who, "t1", {"command": {"resume": {"decision": "approve", "token": "ap_ana"}}})
    assert [answer.person for _, answer in product.taken] == ["ana"]


@pytest.mark.parametrize(
    ("who", "value", "error"),
    [
        (HERE, "approve", Refused),
        (VIC, "approve", Refused),
        (OLGA, "approve", Refused),
        (ANA, {"decision": "approve", "token": "ap_vic"}, Refused),
        (ANA, {"decision": "approve", "token": "ap_nobody"}, Refused),
        (ANA, {"decision": "approve", "comment": "too late"}, Refused),
        (ANA, "perhaps", Misconfigured),
        (ANA, None, Misconfigured),
    ],
)
def test_a_refused_answer_leaves_the_request_as_it_was(who, value, error):
    product, asked = Product(), {"command": {"resume": value}}
    with pytest.raises(error):
        product.door().admit(who, "t1", asked)
    assert (product.taken, asked) == ([], {"command": {"resume": value}})


@pytest.mark.parametrize(
    "at",
    [Position("unseeded"), Position("runnable"), Position("finished"), Position("waiting", "77", "training", "r1")],
)
def test_only_a_thread_that_waits_for_a_person_takes_an_answer(at):
    product = Product(at)
    with pytest.raises(Refused):
        product.door().admit(ANA, "t1", {"command": {"resume": "approve"}})
    assert product.taken == []


@pytest.mark.parametrize("at", [Position("finished", run="r1"), Position("runnable", run="r1")])
def test_whoever_answers_too_late_is_told_by_the_rule_that_all_channels_have(at):
    product = Product(at)
    with pytest.raises(Refused, match="denied already"):
        product.door().admit(ANA, "t1", {"command": {"resume": {"decision": "approve", "comment": "too late"}}})
    assert product.taken == []


@pytest.mark.parametrize(("who", "person"), [(OLGA, "olga"), (ANA, "ana"), (HERE, None)])
def test_a_check_is_begun_under_the_name_of_who_asks(who, person):
    product, asked = Product(Position("unseeded")), {"input": {"model": "fraud", "run": None}}
    product.door().admit(who, "t1", asked)
    assert product.opened == [("fraud", person)]
    assert asked["input"] == {"model": "fraud", "run": "r9"}


@pytest.mark.parametrize(
    ("who", "given", "error"),
    [
        (VIC, {"model": "fraud"}, Refused),
        (OLGA, {"model": "nonesuch"}, NotFound),
        (OLGA, {"model": "fraud", "run": "r1"}, Misconfigured),
        (OLGA, {"model": "fraud", "approval": "approved"}, Misconfigured),
        (OLGA, {"model": 1}, Misconfigured),
        (OLGA, {}, Misconfigured),
        (OLGA, "fraud", Misconfigured),
    ],
)
def test_a_check_that_may_not_be_begun_opens_no_run(who, given, error):
    product = Product(Position("unseeded"))
    with pytest.raises(error):
        product.door().admit(who, None, {"input": given})
    assert product.opened == []


def test_a_thread_is_one_run_and_begun_once():
    with pytest.raises(Refused, match="a run already"):
        Product().door().admit(OLGA, "t1", {"input": {"model": "fraud"}})


@pytest.mark.parametrize(
    "asked",
    [
        {"command": {"goto": "promote"}},
        {"command": {"update": {"approval": "approved"}}},
        {"command": {"resume": "approve", "goto": "promote"}},
        {"input": None, "config": {"configurable": {"checkpoint_id": "1ef"}}},
    ],
)
def test_state_and_way_of_a_run_cannot_be_set(asked):
    product = Product()
    with pytest.raises(AutopilotError, match="from where it stands"):
        product.door().admit(ANA, "t1", asked)
    assert product.taken == []


def test_carrying_on_takes_an_operator():
    product = Product()
    product.door().admit(OLGA, "t1", {"input": None})
    with pytest.raises(Refused, match="operator"):
        product.door().admit(VIC, "t1", {"input": None})
