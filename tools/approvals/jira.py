"""Asks people in Jira Cloud: one issue per request, answered by moving it to another status.

An issue is known by its label. Whose answer it is, Jira's own history says, and nothing else: not the status, not the
webhook. The bot's account may make issues and comment on them, and moves none.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from graph.codec import digest
from graph.errors import Refused, Unavailable
from graph.model import Json
from tools.address import Address, is_in_the_clear
from tools.approvals import jira_document as document
from tools.approvals import jira_history as history
from tools.approvals.channel import ChannelPart, ChannelPlugin, ChannelSite, Heard, Notice
from tools.approvals.jira_callbacks import SECRET
from tools.approvals.jira_rights import examine
from tools.approvals.jira_site import TOKEN, USER, JiraSite, Login, Unclear
from tools.plugins import Finding

KIND = "jira"
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Between looks for an issue after an unclear answer: the index by which it is found is seconds behind."""
_FIELDS = "status,summary,description,creator,created,project"
_PAGE = 100
_MOST_PAGES = 50
_MARK = "autopilot"
"""The property of a comment that holds what it is known by."""

Status = Annotated[str, Field(min_length=1, max_length=255)]


class JiraPart(ChannelPart):
    """A project of Jira Cloud, and the statuses that an approver moves an issue to."""

    url: Address
    project: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")]
    """Its key."""
    issue_type: Annotated[str, Field(min_length=1, max_length=255)] = "Task"
    approved: Annotated[tuple[Status, ...], Field(min_length=1)]
    denied: Annotated[tuple[Status, ...], Field(min_length=1)]
    ca: str | None = None
    """A file with the certificate of the authority, where it is not a public one: its whole path."""
    plain_http: bool = False
    """Whether the token may go over the network as it is, to an http:// address."""

    @field_validator("ca")
    @classmethod
    def _whole(cls, value: str | None) -> str | None:
        if value is not None and not Path(value).is_absolute():
            raise ValueError("ca is a whole path, beginning with /")
        return value

    @model_validator(mode="after")
    def _sound(self) -> "JiraPart":
        both = {name.casefold() for name in self.approved} & {name.casefold() for name in self.denied}
        if both:
            raise ValueError(f"a status cannot both approve and deny: {', '.join(sorted(both))}")
        if is_in_the_clear(self.url) and not self.plain_http:
            raise ValueError("url: the token would be sent in the clear; use https, or allow it with plain_http: true")
        return self


class JiraChannel:
    """Implements tools.approvals.channel.Channel. What is known of an issue: its key, its number, what it showed."""

    kind = KIND

    def __init__(
        self,
        site: JiraSite,
        part: JiraPart,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._site = site
        self._part = part
        self._pauses_s = tuple(pauses_s)
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"JiraChannel({self._site!r}, {self._part.project})"

    def find(self, notice: Notice) -> Json | None:
        """Return the oldest issue of ours with the label; None when there is none or it is not indexed yet."""
        found = self._labelled(notice)
        return self._known(notice, found[0]) if found else None

    def post(self, notice: Notice) -> Json:
        """Make the issue. After an unclear answer it is looked for, and never sent a second time from here."""
        site = self._site.about(notice.model)
        fields = {
            "project": {"key": self._part.project},
            "issuetype": {"name": self._part.issue_type},
            "summary": document.summary(notice),
            "description": self._described(notice),
            "labels": document.labels(notice.nonce),
        }
        try:
            with site.known_form():
                return self._known(notice, site.send("/rest/api/3/issue", {"fields": fields}).document)
        except Unclear as unclear:
            return self._adopted(notice, unclear)

    def update(self, known: Json, notice: Notice) -> None:
        """Say in a comment how the request stands. The description stays as it is, and so does the status.

        Should the issue have a twin, made when the answer to its making was lost, it is told there, too.
        """
        over = "" if notice.state == "pending" else "Moving this issue changes nothing any more."
        said = document.remark(notice.said, after=over)
        self._comment(notice.model, known, digest([notice.nonce, notice.said]), said)
        for twin in self._labelled(notice):
            if str(twin["id"]) != known["issue"]:
                same = f"This is the same request as {known['id']}, which counts: {notice.said}"
                mark = digest([notice.nonce, same])
                self._comment(notice.model, self._known(notice, twin), mark, document.remark(same))

    def say(self, known: Json, nonce: str, text: str, call: Sequence[str]) -> None:
        """Add a comment that mentions people by account id. One that is there already is not added again."""
        self._comment(str(known["id"]), known, nonce, document.remark(text, call))

    def tell(self, nonce: str, text: str, call: Sequence[str]) -> None:
        """Do nothing: the list of what waits is a filter in Jira, and an issue about issues would need closing, too."""

    def heard(self, known: Json, notice: Notice) -> Sequence[Heard]:
        """Return what people answered by moving the issue, by account id, with their comments."""
        site = self._site.about(notice.model)
        with site.known_form():
            found = self._read(site, known)
            rules = history.Rules(self._part.project, self._part.approved, self._part.denied, str(known["shown"]))
            answers = history.answers(found, rules)
            if not answers:
                return ()
            remarks = [history.remark(each) for each in self._comments(site, known)]
        return [Heard(each.who, each.decision, each.at, history.comment(each, remarks), each.doubt) for each in answers]

    def _described(self, notice: Notice) -> Json:
        return document.description(notice, self._part.approved, self._part.denied)

    def _known(self, notice: Notice, made: Json) -> Json:
        shown = document.shown(document.summary(notice), self._described(notice))
        return {"id": str(made["key"]), "issue": str(int(made["id"])), "shown": shown}

    def _labelled(self, notice: Notice) -> list[Json]:
        """Return the issues with the label that our own account made, oldest first: anybody may label an issue."""
        site = self._site.about(notice.model)
        query = (
            f'project = "{self._part.project}" AND labels = "{document.label(notice.nonce)}"'
            " AND creator = currentUser() ORDER BY created ASC"
        )
        asked: Json = {"jql": query, "fields": ["created"], "maxResults": _PAGE}
        found: list[Json] = []
        with site.known_form():
            for _ in range(_MOST_PAGES):
                page = site.search("/rest/api/3/search/jql", asked).document
                found += page["issues"]
                if not page.get("nextPageToken"):
                    break
                asked = {**asked, "nextPageToken": page["nextPageToken"]}
            return sorted(found, key=lambda each: int(each["id"]))

    def _adopted(self, notice: Notice, unclear: Unclear) -> Json:
        for pause_s in self._pauses_s:
            self._sleep(pause_s)
            found = self._found_if_answered(notice)
            if found is not None:
                return found
        raise Unavailable(
            f"{unclear.message}; whether it made the issue is not known, and it shows none so far",
            "nothing was sent again; before the next attempt it is looked for once more",
        )

    def _found_if_answered(self, notice: Notice) -> Json | None:
        try:
            return self.find(notice)
        except Unavailable:
            # Said at the end in the words of the answer that matters: the one to what was sent.
            return None

    def _read(self, site: JiraSite, known: Json) -> history.Issue:
        path = _path(known)
        reply = site.get(path, {"fields": _FIELDS, "expand": "changelog"}, known=(HTTPStatus.NOT_FOUND,))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise self._gone(site, known)
        log = reply.document["changelog"]
        # Beside the issue stand its newest changes only.
        whole = len(log["histories"]) >= int(log["total"])
        found = history.issue(reply.document, log["histories"] if whole else self._histories(site, path))
        if not found.is_whole:
            raise Unavailable(site.words(f"changed {known['id']} while it was read"), "it is read again")
        return found

    def _histories(self, site: JiraSite, path: str) -> list[Json]:
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            page = site.get(f"{path}/changelog", {"startAt": str(len(found)), "maxResults": str(_PAGE)}).document
            found += page["values"]
            if page.get("isLast") or len(found) >= int(page["total"]):
                return found
            if not page["values"]:
                raise ValueError("a page of the history is empty")
        raise Refused(
            site.words(f"holds a history of more than {len(found)} changes"), "answer in another channel, or by command"
        )

    def _comments(self, site: JiraSite, known: Json) -> list[Json]:
        """Return the newest comments."""
        asked = {"orderBy": "-created", "maxResults": str(_PAGE), "expand": "properties"}
        reply = site.get(f"{_path(known)}/comment", asked, known=(HTTPStatus.NOT_FOUND,))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise self._gone(site, known)
        return list(reply.document["comments"])

    def _comment(self, about: str, known: Json, mark: str, body: Json) -> None:
        site = self._site.about(about)
        with site.known_form():
            if any(_marked(each, mark) for each in self._comments(site, known)):
                return
            sent = {"body": body, "properties": [{"key": _MARK, "value": {"mark": mark}}]}
            reply = site.send(f"{_path(known)}/comment", sent, known=(HTTPStatus.NOT_FOUND,))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise self._gone(site, known)

    def _gone(self, site: JiraSite, known: Json) -> Refused:
        return Refused(
            site.words(f"does not show {known['id']} any more"),
            "it was deleted, or moved to where the bot may not look: answer in another channel, or by command",
        )


def _path(known: Json) -> str:
    return f"/rest/api/3/issue/{int(known['issue'])}"


def _marked(comment: Json, mark: str) -> bool:
    properties = comment.get("properties") or []
    return any(each["key"] == _MARK and each["value"].get("mark") == mark for each in properties)


def site_of(part: JiraPart, given: ChannelSite) -> JiraSite:
    """Return the client. Misconfigured without a login."""
    return JiraSite(part.url, Login.of(given.logins), given.limiter, Path(part.ca) if part.ca else None)


def make(part: JiraPart, given: ChannelSite) -> JiraChannel:
    """Return the channel. Misconfigured without a login."""
    return JiraChannel(site_of(part, given), part)


def _examine(part: JiraPart, given: ChannelSite, now: datetime) -> Iterator[Finding]:
    statuses = (*part.approved, *part.denied)
    yield from examine(site_of(part, given), part.project, part.issue_type, statuses, now)
    if given.logins.get(SECRET):
        yield Finding("ok", f"{SECRET} is set: POST /jira/webhook is believed where it is signed")
    else:
        yield Finding("ok", f"{SECRET} is not set: answers are seen when the issues are read, twice a minute")


CHANNEL = ChannelPlugin(JiraPart, make, _examine, (USER, TOKEN, SECRET), person="jira", tells=False)
