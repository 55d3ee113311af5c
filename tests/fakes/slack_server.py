"""Slack's Web API as far as a channel needs it, by its own documentation: one workspace, one channel, one app."""

from collections.abc import Callable
from typing import Any

from tests.fakes.faulty_server import FaultyServer, Reply, Request

CHANNEL, TEAM, BOT = "C024BE91L", "T024BE7LD", "U0AUTOPILOT"
TRIGGER = "13345224609.738474920.8088930838d88f008e0"
LIMITS = {"section": 3000, "field": 2000, "value": 2000, "blocks": 50, "fields": 10, "text": 40_000}


class SlackServer(FaultyServer):
    """Answers as Slack does: 200 and `ok: false` for what it refuses. Reply addresses are below /hooks."""

    def __init__(self, token: str, app_token: str = "") -> None:
        super().__init__()
        self._token, self._app_token = token, app_token
        self.messages: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.replies: list[Any] = []
        self.scopes: str | None = "chat:write"
        self.problem: dict[str, Any] = {}
        """What every call is refused with: `error`, and whatever stands beside it."""
        self.connects_to = ""
        """The address that Socket Mode is told to connect to."""
        self.away = False
        """Whether every request meets a 503."""
        self._methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": lambda _: {"team": "Acme", "team_id": TEAM, "user": "autopilot", "user_id": BOT},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.getPermalink": self._permalink,
            "conversations.history": self._history,
            "views.open": self._open,
            "apps.connections.open": lambda _: {"url": self.connects_to},
        }

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def hook(self) -> str:
        """Where a click may be answered."""
        return f"{self.url}/hooks/T/1/abc"

    def answer(self, request: Request) -> Reply:
        if self.away:
            return Reply(503)
        if request.path.startswith("/hooks/"):
            self.replies.append(request.document)
            return Reply(text="ok") if not self.problem else Reply(404, text=self.problem["error"])
        method = request.path.removeprefix("/api/")
        token = self._app_token if method == "apps.connections.open" else self._token
        if request.headers.get("authorization") != f"Bearer {token}":
            return Reply(document={"ok": False, "error": "invalid_auth"})
        if self.problem:
            return Reply(document={"ok": False, **self.problem})
        headers = {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        done = self._methods[method](request.document or request.form)
        return Reply(document={"ok": "error" not in done, **done}, headers=headers)

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        refused = self._elsewhere(given) or _too_long(given)
        if refused:
            return {"error": refused}
        message = {**given, "ts": f"1700000000.{len(self.messages):06d}", "user": BOT}
        self.messages.append(message)
        return {"channel": given["channel"], "ts": message["ts"], "message": message}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        found = [message for message in self.messages if message["ts"] == given["ts"]]
        refused = self._elsewhere(given) or _too_long(given) or ("" if found else "message_not_found")
        if refused:
            return {"error": refused}
        found[0] |= given
        return {"channel": given["channel"], "ts": given["ts"]}

    def _permalink(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"error": self._elsewhere(given) or "message_not_found"}

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in (self.scopes or ""):
            return {"error": "missing_scope", "needed": "channels:history", "provided": self.scopes}
        newest = [message for message in reversed(self.messages) if "thread_ts" not in message]
        start = int(given.get("cursor") or 0)
        end = start + int(given["limit"])
        # The channel is the one that was asked for: Slack does not repeat it with every message.
        left_out = {"channel"} if given.get("include_all_metadata") == "1" else {"channel", "metadata"}
        page = [{name: part for name, part in each.items() if name not in left_out} for each in newest[start:end]]
        cursor = str(end) if end < len(newest) else ""
        return {"messages": page, "response_metadata": {"next_cursor": cursor}}

    def _open(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["trigger_id"] != TRIGGER:
            return {"error": "expired_trigger_id"}
        self.views.append(given["view"])
        return {"view": given["view"]}

    def _elsewhere(self, given: dict[str, Any]) -> str:
        return "" if given["channel"] == CHANNEL else "channel_not_found"


def _too_long(given: dict[str, Any]) -> str:
    blocks = given["blocks"]
    texts = [len(block["text"]["text"]) for block in blocks if block["type"] == "section" and "text" in block]
    fields = [block["fields"] for block in blocks if block["type"] == "section" and "fields" in block]
    values = [len(each["value"]) for block in blocks if block["type"] == "actions" for each in block["elements"]]
    lengths = [len(field["text"]) for several in fields for field in several]
    fits = (
        len(blocks) <= LIMITS["blocks"]
        and all(0 < length <= LIMITS["section"] for length in texts)
        and all(len(several) <= LIMITS["fields"] for several in fields)
        and all(length <= LIMITS["field"] for length in lengths)
        and all(length <= LIMITS["value"] for length in values)
        and len(given["text"]) <= LIMITS["text"]
    )
    return "" if fits else "invalid_blocks"
