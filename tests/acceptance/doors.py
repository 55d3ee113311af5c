"""Six doors to one request, each as a person or a program uses it: what it shows of a run, and how it is answered.

A door tells how a request was decided as ("approved", "ana", "cli"), and None while it waits.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from graph.thread import thread_id
from tests.acceptance.town import JIRA, JIRA_SECRET, SLACK, SLACK_SECRET, TEAM, Town, until
from tests.browsing import Browser, read
from tests.conformance import slack_emulator
from tests.conformance.slack_places import seen
from tests.fakes.jira_server import STATUSES, Issue
from tests.studio_server import refusal, studio_client
from tools.approvals.slack_message import REASON

Decided = tuple[str, str, str]
DONE = {"approve": "approved", "deny": "denied"}
_SAID = re.compile(r"(approved|denied) by (\w+) through (\w+)", re.IGNORECASE)


class Door(Protocol):
    """One of the six."""

    name: str

    def shows(self, run: str) -> Decided | None:
        """Return how the request was decided, as it is shown here; None while it waits and can be answered here."""

    def answer(self, run: str, person: str, decision: str) -> None:
        """Answer, with the comment that `comment` gives."""

    def refused(self, run: str, person: str, decision: str) -> str:
        """Answer what is decided already, and return the words by which the person is told so."""


def opened(town: Town, runs: Mapping[str, str], studio: str, stack: ExitStack) -> dict[str, Door]:
    """Return all six by name, with the pages, messages and questions of these runs in front of both people."""
    asked = runs.values()
    doors: list[Door] = [CommandLine(town), Api(town, stack), Web(town, asked, stack), Slack(town, asked, stack)]
    doors += [Jira(town, asked, stack), Studio(town, runs, stack, studio)]
    return {door.name: door for door in doors}


def comment(person: str) -> str:
    """Return what a person says along with an answer."""
    return f"{person} has read it"


def found(text: str) -> Decided | None:
    """Return what a text says of the decision."""
    said = _SAID.search(text)
    return (said[1].lower(), said[2], said[3]) if said else None


def _of(run: Any) -> Decided | None:
    """Return the decision in a run's document."""
    approval = run["approval"]
    if approval["state"] == "pending":
        return None
    (answer,) = approval["answers"]
    assert run["outcome"] in (None, {"approved": "promoted", "denied": "denied"}[approval["state"]])
    return approval["state"], answer["person"], answer["channel"]


class CommandLine:
    name = "cli"

    def __init__(self, town: Town) -> None:
        self._desk = town.desk

    def shows(self, run: str) -> Decided | None:
        return _of(self._desk.ask("explain", run))

    def answer(self, run: str, person: str, decision: str) -> None:
        said = self._desk.type(decision, run, "--as", person, "--comment", comment(person))
        assert said.code == 0, said.err

    def refused(self, run: str, person: str, decision: str) -> str:
        return str(self._desk.ask(decision, run, "--as", person, code=5)["error"]["message"])


class Api:
    name = "api"

    def __init__(self, town: Town, stack: ExitStack) -> None:
        self._clients = {name: stack.enter_context(town.client(name)) for name in ("ana", "ben", "otto")}

    def shows(self, run: str) -> Decided | None:
        return _of(self._read(run))

    def outcome(self, run: str) -> str | None:
        """Return how the run ended, once it has."""
        found: str | None = self._read(run)["outcome"]
        return found

    def _read(self, run: str) -> Any:
        answer = self._clients["otto"].get(f"/runs/{run}")
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    def answer(self, run: str, person: str, decision: str) -> None:
        answer = self._post(run, person, decision)
        assert answer.status_code == HTTPStatus.OK, answer.text

    def refused(self, run: str, person: str, decision: str) -> str:
        answer = self._post(run, person, decision)
        assert answer.status_code == HTTPStatus.CONFLICT, answer.text
        return str(answer.json()["detail"])

    def _post(self, run: str, person: str, decision: str) -> httpx.Response:
        given = {"decision": decision, "comment": comment(person)}
        return self._clients[person].post(f"/runs/{run}/resume", json=given)


class Web:
    name = "web"

    def __init__(self, town: Town, runs: Iterable[str], stack: ExitStack) -> None:
        self._browsers = {name: self._opened(town, stack, name) for name in ("ana", "ben")}
        self._forms = {(name, run): each.form(run) for run in runs for name, each in self._browsers.items()}
        """The pages that both had open before anybody answered."""

    def shows(self, run: str) -> Decided | None:
        page = read(self._browsers["ana"].get(f"/inbox/{run}").text)
        decided = found(page.text)
        assert page.buttons() == ([] if decided else ["approve", "deny"])
        return decided

    def answer(self, run: str, person: str, decision: str) -> None:
        assert self._send(run, person, decision).status_code == HTTPStatus.SEE_OTHER

    def refused(self, run: str, person: str, decision: str) -> str:
        answer = self._send(run, person, decision)
        assert answer.status_code == HTTPStatus.CONFLICT, answer.text
        (banner,) = re.findall(r'role="alert">(.*?)</div>', answer.text)
        return read(banner).text

    def _send(self, run: str, person: str, decision: str) -> httpx.Response:
        fields = {**self._forms[person, run], "decision": decision, "comment": comment(person)}
        sent: httpx.Response = self._browsers[person].post(f"/inbox/{run}/answer", fields)
        return sent

    def _opened(self, town: Town, stack: ExitStack, person: str) -> Browser:
        browser = Browser(stack.enter_context(town.client(Accept="text/html")))
        assert browser.sign_in(town.tokens[person]).status_code == HTTPStatus.SEE_OTHER
        return browser


class Slack:
    name = "slack"

    def __init__(self, town: Town, runs: Collection[str], stack: ExitStack) -> None:
        self._emulator = town.slack
        self._client = stack.enter_context(town.client())
        until(lambda: len(self._emulator.messages()), len(runs))
        self._buttons = {run: self._button(run) for run in runs}

    def shows(self, run: str) -> Decided | None:
        (message,) = self._messages(run)
        shown = seen(message)
        decided = found(shown.text)
        assert shown.can_answer is (decided is None)
        return decided

    def answer(self, run: str, person: str, decision: str) -> None:
        assert decision == "approve", "a deny asks for a reason first"
        value, ts = self._buttons[run]
        answer = self._interact(
            person,
            type="block_actions",
            channel={"id": slack_emulator.CHANNEL},
            container={"message_ts": ts},
            trigger_id=self._emulator.trigger(),
            response_url=f"{self._emulator.url}/not-there",
            actions=[{"action_id": "autopilot_approve", "value": value}],
        )
        assert (answer.status_code, answer.text) == (HTTPStatus.OK, "")

    def refused(self, run: str, person: str, decision: str) -> str:
        """Send the form that the person had open already."""
        assert decision == "deny"
        values = {REASON: {REASON: {"value": comment(person)}}}
        view = {"callback_id": "autopilot_reason", "private_metadata": self._buttons[run][0]}
        answer = self._interact(person, type="view_submission", view={**view, "state": {"values": values}})
        assert answer.status_code == HTTPStatus.OK, answer.text
        return str(answer.json()["errors"][REASON])

    def _messages(self, run: str) -> list[dict[str, Any]]:
        return [each for each in self._emulator.messages() if f"/inbox/{run}" in json.dumps(each)]

    def _button(self, run: str) -> tuple[str, str]:
        (message,) = self._messages(run)
        elements = [each for block in message["blocks"] for each in block.get("elements", [])]
        return next(each["value"] for each in elements if each.get("action_id") == "autopilot_approve"), message["ts"]

    def _interact(self, person: str, **payload: Any) -> httpx.Response:
        """Post what Slack posts when a person does something, signed as Slack signs it."""
        who = {"user": {"id": SLACK[person], "team_id": TEAM}, "team": {"id": TEAM}}
        body, at = urlencode({"payload": json.dumps({**who, **payload})}).encode(), str(int(time.time()))
        digest = hmac.new(SLACK_SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._client.post("/slack/interactions", content=body, headers={**kind, **signed})


class Jira:
    name = "jira"

    def __init__(self, town: Town, runs: Collection[str], stack: ExitStack) -> None:
        self._server = town.jira
        self._client = stack.enter_context(town.client())
        until(lambda: len(self._server.issues), len(runs))

    def shows(self, run: str) -> Decided | None:
        """Return what the newest comment of Autopilot says."""
        return found(self._told(run))

    def answer(self, run: str, person: str, decision: str) -> None:
        issue, who = self._issue(run), JIRA[person]
        assert STATUSES[issue.status] == "To Do"
        self._server.remark(issue, who, comment(person))
        self._server.move(issue, DONE[decision].capitalize(), who)
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": str(issue.number), "key": issue.key}})
        digest = hmac.new(JIRA_SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        answer = self._client.post("/jira/webhook", content=body, headers={"X-Hub-Signature": f"sha256={digest}"})
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text

    def refused(self, run: str, person: str, decision: str) -> str:
        """Move the issue all the same. Below it stands, for whoever moved it before or after, how it was decided."""
        self.answer(run, person, decision)
        until(lambda: "Moving this issue changes nothing any more." in self._told(run), True)
        return self._told(run)

    def _told(self, run: str) -> str:
        ours = [each for each in self._issue(run).comments if each["properties"]]
        return json.dumps(ours[-1]["body"]) if ours else ""

    def _issue(self, run: str) -> Issue:
        (issue,) = [each for each in self._server.issues if f"/inbox/{run}" in json.dumps(each.fields)]
        return issue


class Studio:
    name = "studio"

    def __init__(self, town: Town, runs: Mapping[str, str], stack: ExitStack, url: str) -> None:
        self._clients: dict[str, Any] = {}
        for person in ("ana", "ben"):
            client = studio_client(url, Authorization=f"Bearer {town.tokens[person]}")
            self._clients[person] = stack.enter_context(client)
        self._threads = {run: thread_id(model, run) for model, run in runs.items()}
        for thread in self._threads.values():
            client = self._clients["ana"]
            client.threads.create(thread_id=thread, graph_id="autopilot", if_exists="do_nothing")
            assert client.runs.wait(thread, "autopilot", input=None)["__interrupt__"]

    def shows(self, run: str) -> Decided | None:
        """Return what the thread's state says, once its question is gone."""
        client, thread = self._clients["ana"], self._threads[run]
        state = client.threads.get_state(thread)
        decided = found(state["values"].get("reason") or "")
        asked = [each for task in state["tasks"] for each in task["interrupts"]]
        return None if asked else decided

    def answer(self, run: str, person: str, decision: str) -> None:
        ended = self._resume(run, person, decision)
        assert ended["approval"] == DONE[decision]

    def refused(self, run: str, person: str, decision: str) -> str:
        until(lambda: self._clients[person].threads.get_state(self._threads[run])["next"], [])
        status, said = refusal(lambda: self._resume(run, person, decision))
        assert status == HTTPStatus.FORBIDDEN
        return said

    def _resume(self, run: str, person: str, decision: str) -> Any:
        given = {"resume": {"decision": decision, "comment": comment(person)}}
        return self._clients[person].runs.wait(self._threads[run], "autopilot", command=given)
