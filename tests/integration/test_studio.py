"""LangGraph's local server, driven as Studio and the inboxes of agents drive it: what it shows, and what it takes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from checkpoints.database import Database
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.ledger.book import PostgresLedger
from graph.build import ABOUT
from graph.model import Approval
from graph.thread import thread_id
from tests.databases import fresh_database, leave
from tests.fakes.clock import FakeClock
from tests.house import MODEL
from tests.npm_packages import Lacking
from tests.studio_server import langgraph_dev, refusal, studio_client
from tests.unit.graph.policy.builders import NOW

SERVED = "from tests.integration.studio_world import auth, graph, threads\n"
CONFIG = {
    "dependencies": ["."],
    "graphs": {"autopilot": {"path": "./served.py:graph"}},
    "checkpointer": {"path": "./served.py:threads"},
    "auth": {"path": "./served.py:auth", "disable_studio_auth": True},
}


@dataclass(frozen=True)
class Studio:
    """The server, the ledger behind it, and who may talk to it."""

    url: str
    book: PostgresLedger
    run: str
    tokens: dict[str, str]
    dsn: str
    stack: ExitStack

    def client(self, person: str | None = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.tokens[person]}"} if person else {}
        return self.stack.enter_context(studio_client(self.url, **given | headers))

    def approval(self, run: str | None = None) -> Approval:
        found = self.book.approvals.of(run or self.run)
        assert found is not None
        return found

    def named(self, text: str) -> str:
        """Put a person's token where `of NAME` stands."""
        start, _, name = text.partition("of ")
        return f"{start}{self.tokens[name]}" if name else text

    def thread(self) -> str:
        return thread_id(MODEL, self.run)

    def opened(self) -> Any:
        """Open the thread of the product's run, as whoever lists what waits does; return what it waits for."""
        client = self.client()
        client.threads.create(thread_id=self.thread(), graph_id="autopilot", if_exists="do_nothing")
        return client.runs.wait(self.thread(), "autopilot", input=None)


@pytest.fixture(scope="module")
def studio(
    embedded_postgres: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
    lacking: Lacking,
) -> Iterator[Studio]:
    folder, dsn = tmp_path_factory.mktemp("studio"), fresh_database(embedded_postgres)
    (folder / "served.py").write_text(SERVED)
    environment = {"STUDIO_DSN": dsn, "STUDIO_FOLDER": str(folder)}
    with langgraph_dev(folder, CONFIG, environment, lacking) as url, ExitStack() as stack:
        database = Database(dsn)
        stack.callback(database.close)
        world = json.loads((folder / "world.json").read_text())
        yield Studio(url, PostgresLedger(database, FakeClock(NOW)), world["run"], world["tokens"], dsn, stack)
    leave(dsn)


def test_each_node_is_shown_with_what_it_does(studio: Studio):
    shown = studio.client().assistants.get_graph("autopilot")
    about = {node["id"]: (node.get("metadata") or {}).get("about") for node in shown["nodes"]}
    assert {name: about.get(name) for name in ABOUT} == ABOUT


def test_a_check_is_begun_with_a_model_and_no_more(studio: Studio):
    (assistant,) = studio.client().assistants.search()
    schemas = studio.client().assistants.get_schemas(assistant["assistant_id"])
    assert set(schemas["input_schema"]["properties"]) == {"model", "run"}


def test_the_question_has_what_studio_and_both_inboxes_look_for(studio: Studio):
    (interrupt,) = studio.opened()["__interrupt__"]
    asked = interrupt["value"]
    about = asked["action_request"]["args"]
    assert (asked["kind"], asked["run"], asked["model"]) == ("approval", studio.run, MODEL)
    assert asked["action_request"]["action"] == asked["action_requests"][0]["name"] == "promote"
    assert asked["action_requests"][0]["args"] == asked["action_requests"][0]["arguments"] == about
    assert asked["review_configs"] == [{"action_name": "promote", "allowed_decisions": ["approve", "reject"]}]
    assert asked["config"]["allow_edit"] is False
    assert about["fingerprint"] == studio.approval().fingerprint
    assert f"approve version {about['challenger']} for {MODEL}?" in asked["description"]
    assert studio.client().threads.get(studio.thread())["status"] == "interrupted"


YES: Any = [{"type": "accept", "args": None}]


@pytest.mark.parametrize(
    ("person", "value", "status", "words"),
    [
        (None, YES, 403, "an answer needs the token of an approver, and no token came with it"),
        ("vic", YES, 403, "and vic came as viewer"),
        ("olga", YES, 403, "and olga came as operator"),
        ("carl", YES, 403, "carl is not an approver of fraud"),
        ("ana", "yes please", 422, "was not understood"),
        ("ana", [{"type": "edit", "args": {"challenger": "9"}}], 422, "was not understood"),
        ("ana", {"decisions": [{"type": "approve"}, {"type": "reject"}]}, 422, "was not understood"),
        ("ana", True, 422, "was not understood"),
        ("ana", {"another-question": "approve"}, 422, "was not understood"),
        ("ana", {"decision": "approve", "token": "ap_nobody"}, 403, "this token is not known here"),
    ],
)
def test_what_is_no_approvers_answer_is_refused_and_changes_nothing(studio: Studio, person, value, status, words):
    studio.opened()
    client = studio.client(person)
    before = client.threads.get_state(studio.thread())["checkpoint"]
    code, said = refusal(lambda: client.runs.wait(studio.thread(), "autopilot", command={"resume": value}))
    assert (code, words in said) == (status, True), said
    assert studio.approval().state == "pending"
    assert studio.approval().answers == ()
    assert client.threads.get_state(studio.thread())["checkpoint"] == before
    assert client.threads.get(studio.thread())["status"] == "interrupted"


def test_a_runs_state_and_way_are_not_set_from_here(studio: Studio):
    studio.opened()
    client, thread = studio.client("ana"), studio.thread()
    closed = [
        lambda: client.runs.wait(thread, "autopilot", command={"goto": "promote"}),
        lambda: client.runs.wait(thread, "autopilot", command={"update": {"approval": "approved"}}),
        lambda: client.runs.wait(thread, "autopilot", input={"model": MODEL}),
        lambda: client.runs.wait(thread, "autopilot", input=None, checkpoint_id=thread),
        lambda: client.threads.update_state(thread, {"approval": "approved"}, as_node="await_approval"),
        lambda: client.threads.delete(thread),
    ]
    assert [refusal(ask)[0] for ask in closed] == [403] * len(closed)
    assert studio.approval().state == "pending"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer ap_unknown"}, 401),
        ({"X-Api-Key": "ap_unknown"}, 401),
        ({"Authorization": "Bearer of gus"}, 401),
        ({"Authorization": "Bearer of vic"}, 200),
        ({"Origin": "https://elsewhere.example"}, 401),
        ({"Origin": "https://smith.langchain.com"}, 200),
    ],
)
def test_who_may_look(studio: Studio, headers, status):
    given = {name: studio.named(value) for name, value in headers.items()}
    answer = httpx.post(f"{studio.url}/threads/search", json={}, headers=given, trust_env=False)
    assert answer.status_code == status


def test_an_approvers_answer_is_a_row_first_and_then_promoted(studio: Studio):
    studio.opened()
    answer = [{"type": "accept", "args": {"action": "promote", "args": {}}}]
    client = studio.client(**{"X-Api-Key": studio.tokens["ana"]})  # as Agent Inbox sends it
    ended = client.runs.wait(studio.thread(), "autopilot", command={"resume": answer})
    assert ended["outcome"] == "promoted"
    (given,) = studio.approval().answers
    assert (given.person, given.decision, given.channel) == ("ana", "approve", "studio")
    assert studio.book.runs.row(studio.run)["outcome"] == "promoted"
    code, said = refusal(lambda: client.runs.wait(studio.thread(), "autopilot", command={"resume": answer}))
    assert (code, "is approved already: approved by ana through studio" in said) == (403, True), said


def test_a_check_begun_here_is_asked_for_by_its_person_and_denied_with_a_token_inside_the_answer(studio: Studio):
    client = studio.client("olga")
    thread = client.threads.create()["thread_id"]
    asked = client.runs.wait(thread, "autopilot", input={"model": "fraud-2"})
    run = asked["__interrupt__"][0]["value"]["run"]
    assert studio.book.runs.row(run)["requested_by"] == "olga"
    answer = {"decision": "deny", "comment": "<b>not</b> on a Friday", "token": studio.tokens["ana"]}
    ended = studio.client().runs.wait(thread, "autopilot", command={"resume": answer})
    assert ended["outcome"] == "denied"
    (given,) = studio.approval(run).answers
    assert (given.person, given.decision, given.comment) == ("ana", "deny", "<b>not</b> on a Friday")


@pytest.mark.parametrize(
    ("person", "given", "status", "words"),
    [
        ("vic", {"model": "fraud-3"}, 403, "starting a check needs the token of an operator"),
        ("olga", {"model": "nonesuch"}, 404, "no model nonesuch"),
        ("olga", {"model": "fraud-3", "run": "0195d3a0-0000-4000-8000-000000000001"}, 422, "nothing else"),
        ("olga", {"model": ["fraud-3"]}, 422, "nothing else"),
        ("olga", ["fraud-3"], 422, "nothing else"),
    ],
)
def test_a_check_that_cannot_be_begun_says_why(studio: Studio, person, given, status, words):
    client = studio.client(person)
    thread = client.threads.create()["thread_id"]
    code, said = refusal(lambda: client.runs.wait(thread, "autopilot", input=given))
    assert (code, words in said) == (status, True), said


def test_no_token_and_no_answer_is_left_in_any_thread(studio: Studio):
    with psycopg.connect(studio.dsn, options="-c search_path=langgraph") as connection:
        rows = [
            str(row)
            for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
            for row in connection.execute(f"select * from {table}").fetchall()
        ]
    assert rows
    assert not [row for row in rows if "__resume__" in row or any(token in row for token in studio.tokens.values())]
