"""Jira Cloud as far as a channel needs it, by Atlassian's own documentation of REST v3: one project, one workflow."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.faulty_server import FaultName, FaultyServer, Reply, Request

PROJECT = "ML"
STATUSES = {"10000": "To Do", "10001": "Approved", "10002": "Denied", "10003": "Approved once", "10004": "Done"}
OPEN = "10000"
ASKS = frozenset({"BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS"})
MOVES = ASKS | {"TRANSITION_ISSUES"}
INLINE = {"text", "mention", "hardBreak"}
BLOCKS = {"doc", "paragraph", "heading", "bulletList", "listItem"}


@dataclass
class User:
    account: str
    email: str
    token: str
    permissions: frozenset[str] = MOVES
    kind: str = "atlassian"

    def shown(self) -> Any:
        return {
            "accountId": self.account,
            "accountType": self.kind,
            "displayName": self.account.title(),
            "active": True,
        }


@dataclass
class Issue:
    number: int
    fields: dict[str, Any]
    creator: User
    created: datetime
    status: str = OPEN
    project: str = PROJECT
    histories: list[Any] = field(default_factory=list)
    comments: list[Any] = field(default_factory=list)
    unseen: int = 0
    """How many searches will not find it yet."""

    @property
    def key(self) -> str:
        return f"{self.project}-{self.number - 10000}"


class JiraServer(FaultyServer):
    """One project whose workflow leads from any status to any other. Faults go by what is asked, not by method:
    CREATE, COMMENT, MOVE, SEARCH, or GET."""

    def __init__(self, *users: User) -> None:
        super().__init__()
        self.users = {user.account: user for user in users}
        self.issues: list[Issue] = []
        self.index_lag = 0
        """How many searches do not find a new issue yet."""
        self.page = 100
        self.issue_types = ["Task", "Bug"]
        self.demands: dict[str, str] = {}
        """Fields without which nothing is created, and what is said of that."""
        self.lets_strangers_look = False
        """Whether a wrong token is answered as if nobody had signed in."""
        self.text = ""
        """What answers everything, where it is not empty."""
        self._next = 1

    def fault(self, name: FaultName, kind: str, times: int = 1) -> None:
        self.fail(name, kind, times)

    def _next_fault(self, request: Request) -> FaultName | None:
        return super()._next_fault(replace(request, method=_kind(request)))

    def of(self, nonce: str) -> list[Issue]:
        return [each for each in self.issues if f"autopilot-{nonce}" in each.fields.get("labels", [])]

    def move(self, issue: Issue, into: str, who: str | None, after: timedelta = timedelta(0)) -> None:
        """Let somebody move an issue, or nobody whom Jira names."""
        status = next(key for key, name in STATUSES.items() if name == into)
        item = _item("status", issue.status, status, STATUSES[issue.status], into)
        issue.status = status
        self.note(issue, who, [item], after)

    def edit(self, issue: Issue, name: str, value: Any, who: str, is_noted: bool = True) -> None:
        """Let somebody edit a field; `is_noted` False as if Jira's history had a hole."""
        issue.fields[name] = value
        if is_noted:
            self.note(issue, who, [_item(name, None, None, "before", "after")])

    def transfer(self, issue: Issue, project: str, who: str) -> None:
        item = _item("project", "1", "2", issue.project, project)
        issue.project = project
        self.note(issue, who, [item])

    def note(self, issue: Issue, who: str | None, items: list[Any], after: timedelta = timedelta(0)) -> None:
        entry = {"id": self._id(), "created": stamp(self.now() + after), "items": items}
        issue.histories.append(entry if who is None else {**entry, "author": self.users[who].shown()})

    def remark(self, issue: Issue, who: str, text: str, after: timedelta = timedelta(0)) -> None:
        said = {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }
        self._commented(issue, self.users[who], {"body": said}, after)

    def answer(self, request: Request) -> Reply:
        if self.text:
            return Reply(text=self.text)
        path = re.fullmatch(r"/rest/api/(?:3|latest)(/.*)", request.path)
        user = self._user(request)
        if path is None:
            return Reply(404, text="<html>Page not found</html>")
        if path[1] == "/serverInfo":
            return Reply(document={"versionNumbers": [1001, 0, 0], "deploymentType": "Cloud", "baseUrl": self.url})
        if user is None and self.lets_strangers_look:
            return Reply(
                document={"issues": [], "isLast": True}, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
            )
        if user is None:
            return Reply(401, {"message": "Client must be authenticated to access this resource.", "status-code": 401})
        for pattern, found in self._routes(request.method).items():
            at = re.fullmatch(pattern, path[1])
            if at:
                return found(request, user, *at.groups())
        return Reply(404, {"message": "null for uri", "status-code": 404})

    def _routes(self, method: str) -> dict[str, Callable[..., Reply]]:
        if method == "POST":
            return {
                r"/issue": self._created,
                r"/search/jql": self._found,
                r"/issue/([^/]+)/comment": self._comment,
                r"/issue/([^/]+)/transitions": self._moved,
            }
        return {
            r"/myself": lambda request, user: Reply(document=user.shown()),
            r"/field": lambda request, user: Reply(document=[]),
            r"/mypermissions": self._permissions,
            r"/project/([^/]+)/statuses": self._statuses,
            r"/search": self._taken_away,
            r"/search/jql": self._found,
            r"/issue/([^/]+)": self._issue,
            r"/issue/([^/]+)/changelog": self._changelog,
            r"/issue/([^/]+)/comment": self._comments,
            r"/issue/([^/]+)/transitions": self._transitions,
        }

    def _user(self, request: Request) -> User | None:
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        pair = base64.b64decode(given).decode()
        return next((user for user in self.users.values() if f"{user.email}:{user.token}" == pair), None)

    def _created(self, request: Request, user: User) -> Reply:
        fields = request.document["fields"]
        wrong = {name: said for name, said in self.demands.items() if name not in fields}
        if "CREATE_ISSUES" not in user.permissions or (fields.get("project") or {}).get("key") != PROJECT:
            # Jira does not tell which of the two it is.
            wrong["project"] = "You do not have permission to create issues in this project."
        if (fields.get("issuetype") or {}).get("name") not in self.issue_types:
            wrong["issuetype"] = "Specify a valid issue type"
        summary = fields.get("summary", "")
        if not summary or len(summary) > 255 or "\n" in summary:
            wrong["summary"] = "The summary is invalid because it contains newline characters or is too long."
        if any(" " in label for label in fields.get("labels", [])):
            wrong["labels"] = "The label contains spaces which is invalid."
        if not _is_document(fields.get("description")):
            wrong["description"] = "INVALID_INPUT"
        if wrong:
            return Reply(400, {"errorMessages": [], "errors": wrong})
        made = Issue(10001 + len(self.issues), dict(fields), user, self.now(), unseen=self.index_lag)
        self.issues.append(made)
        return Reply(
            201, {"id": str(made.number), "key": made.key, "self": f"{self.url}/rest/api/3/issue/{made.number}"}
        )

    def _taken_away(self, request: Request, user: User) -> Reply:
        return Reply(410, {"errorMessages": ["The requested API has been removed. Use /rest/api/3/search/jql."]})

    def _found(self, request: Request, user: User) -> Reply:
        asked = request.document or request.query
        terms, _, _ = asked["jql"].partition(" ORDER BY ")
        issues = [each for each in self.issues if each.unseen == 0]
        for each in self.issues:
            each.unseen = max(0, each.unseen - 1)
        for term in terms.split(" AND "):
            name, _, value = term.partition(" = ")
            if name == "project" and value.strip('"') != PROJECT:
                said = f"The value '{value}' does not exist for the field 'project'."
                return Reply(400, {"errorMessages": [said], "errors": {}})
            issues = [each for each in issues if _matches(each, user, name, value.strip('"'))]
        start = int(asked.get("nextPageToken") or 0)
        most = min(int(asked.get("maxResults", 50)), self.page)
        page = issues[start : start + most]
        more = {"nextPageToken": str(start + most)} if start + most < len(issues) else {}
        return Reply(document={"issues": [self._short(each, asked) for each in page], "isLast": not more, **more})

    def _short(self, issue: Issue, asked: Any) -> Any:
        shown = {"id": str(issue.number)}
        # By default nothing but the id is told.
        return {**shown, "key": issue.key, "fields": self._fields(issue)} if asked.get("fields") else shown

    def _fields(self, issue: Issue) -> Any:
        return {
            **{name: issue.fields.get(name) for name in ("summary", "description", "labels")},
            "status": {"id": issue.status, "name": STATUSES[issue.status]},
            "project": {"key": issue.project},
            "creator": issue.creator.shown(),
            "created": stamp(issue.created),
        }

    def _of(self, name: str, user: User) -> Issue | None:
        readable = "BROWSE_PROJECTS" in user.permissions
        return next((each for each in self.issues if readable and name in (str(each.number), each.key)), None)

    def _issue(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        wanted = request.query.get("fields")
        fields = {k: v for k, v in self._fields(issue).items() if wanted is None or k in wanted.split(",")}
        shown = {"id": str(issue.number), "key": issue.key, "fields": fields}
        if "changelog" in request.query.get("expand", ""):
            newest = issue.histories[::-1][: self.page]
            log = {"startAt": 0, "maxResults": len(newest), "total": len(issue.histories), "histories": newest}
            shown["changelog"] = log
        return Reply(document=shown)

    def _changelog(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        start = int(request.query.get("startAt", 0))
        page = issue.histories[start : start + min(self.page, int(request.query.get("maxResults", 100)))]
        total = len(issue.histories)
        shown = {"startAt": start, "maxResults": self.page, "total": total, "isLast": start + len(page) >= total}
        return Reply(document={**shown, "values": page})

    def _comments(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        ordered = issue.comments[::-1] if request.query.get("orderBy") == "-created" else issue.comments
        hidden = set() if "properties" in request.query.get("expand", "") else {"properties"}
        shown = [{k: v for k, v in each.items() if k not in hidden} for each in ordered[: self.page]]
        return Reply(document={"startAt": 0, "maxResults": self.page, "total": len(issue.comments), "comments": shown})

    def _comment(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        if "ADD_COMMENTS" not in user.permissions:
            return Reply(403, {"errorMessages": ["You do not have the permission to comment on this issue."]})
        if not _is_document(request.document.get("body")):
            return Reply(400, {"errorMessages": [], "errors": {"comment": "INVALID_INPUT"}})
        return Reply(201, self._commented(issue, user, request.document))

    def _commented(self, issue: Issue, user: User, given: Any, after: timedelta = timedelta(0)) -> Any:
        made = {"id": self._id(), "author": user.shown(), "created": stamp(self.now() + after)}
        issue.comments.append({**made, "body": given["body"], "properties": given.get("properties", [])})
        return issue.comments[-1]

    def _transitions(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        ways = STATUSES if "TRANSITION_ISSUES" in user.permissions else {}
        shown = [{"id": key[2:], "name": f"To {name}", "to": {"id": key, "name": name}} for key, name in ways.items()]
        return Reply(document={"transitions": shown})

    def _moved(self, request: Request, user: User, name: str) -> Reply:
        issue = self._of(name, user)
        if issue is None:
            return MISSING
        into = STATUSES.get(f"10{int(request.document['transition']['id']):03d}")
        if into is None or "TRANSITION_ISSUES" not in user.permissions:
            return Reply(400, {"errorMessages": ["It seems that you have tried to perform an illegal operation."]})
        for each in request.document.get("update", {}).get("comment", []):
            self._commented(issue, user, each["add"])
        self.move(issue, into, user.account)
        return Reply(204)

    def _permissions(self, request: Request, user: User) -> Reply:
        if request.query.get("projectKey") != PROJECT:
            return Reply(404, {"errorMessages": ["No project could be found with key."]})
        names = request.query["permissions"].split(",")
        shown = {name: {"key": name, "type": "PROJECT", "havePermission": name in user.permissions} for name in names}
        return Reply(document={"permissions": shown})

    def _statuses(self, request: Request, user: User, key: str) -> Reply:
        if key != PROJECT or "BROWSE_PROJECTS" not in user.permissions:
            return Reply(404, {"errorMessages": [f"No project could be found with key '{key}'."]})
        ways = [{"id": number, "name": name} for number, name in STATUSES.items()]
        return Reply(document=[{"id": "1", "name": kind, "statuses": ways} for kind in self.issue_types])

    def _id(self) -> str:
        self._next += 1
        return str(20000 + self._next)


MISSING = Reply(404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}})


def stamp(moment: datetime) -> str:
    """Return a time as Jira writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def _kind(request: Request) -> str:
    if request.path.endswith("/search/jql"):
        return "SEARCH"
    ends = {"/issue": "CREATE", "/comment": "COMMENT", "/transitions": "MOVE"}
    return next((kind for end, kind in ends.items() if request.method == "POST" and request.path.endswith(end)), "GET")


def _item(name: str, before: str | None, after: str | None, old: str, new: str) -> Any:
    kept = {"field": name, "fieldtype": "jira", "fieldId": name}
    return {**kept, "from": before, "fromString": old, "to": after, "toString": new}


def _matches(issue: Issue, user: User, name: str, value: str) -> bool:
    if name == "labels":
        return value in issue.fields.get("labels", [])
    if name == "creator":
        return value == "currentUser()" and issue.creator is user
    return name == "project" and issue.project == value


def _is_document(node: Any) -> bool:
    """Tell whether Jira would take it: version 1, blocks that are known, texts that are not empty."""
    return isinstance(node, dict) and node.get("type") == "doc" and node.get("version") == 1 and _is_sound(node)


def _is_sound(node: Any) -> bool:
    if node["type"] == "text":
        return bool(node["text"])
    return node["type"] in INLINE | BLOCKS and all(_is_sound(each) for each in node.get("content", []))
