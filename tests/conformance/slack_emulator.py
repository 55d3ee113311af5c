"""A stranger's Slack: the npm package `emulate`, which checks tokens and scopes and keeps what was posted."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.npm_packages import Lacking, installed, listening, node

PINNED = Path(__file__).with_name("emulate")
CHANNEL, ADMIN = "C000000001", "U000000001"
WRITES, READS, WATCHES = "xoxb-planted-writes", "xoxb-planted-reads", "xoxb-watches"
_APP = {"app_id": "A000000001", "bot_id": "B00AUTOPILOT", "bot_user_id": "U00AUTOPILOT"}


def _bot(token: str, *scopes: str) -> dict[str, Any]:
    return {"token": token, "type": "bot", "user_id": _APP["bot_user_id"], "scopes": list(scopes), **_APP}


_SEED = {
    "slack": {
        "strict_scopes": True,
        "oauth_apps": [
            {"client_id": "1.2", "client_secret": "x", "name": "Autopilot", "redirect_uris": [], "scopes": []}
            | {**_APP, "bot_name": "autopilot"}
        ],
        "tokens": [
            _bot(WRITES, "chat:write"),
            _bot(READS, "chat:write", "channels:history"),
            {"token": WATCHES, "user_id": ADMIN, "scopes": ["channels:history"]},
        ],
    }
}


@dataclass(frozen=True, slots=True)
class SlackEmulator:
    """A running one, and an eye on it."""

    url: str

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def messages(self) -> list[dict[str, Any]]:
        """Return what stands in the channel, newest first."""
        found: list[dict[str, Any]] = self.ask("conversations.history", WATCHES, limit="1000")["messages"]
        return found

    def thread(self, ts: str) -> list[dict[str, Any]]:
        """Return what was said below a message."""
        return [each for each in self.ask("conversations.replies", WATCHES, ts=ts)["messages"] if each["ts"] != ts]

    def trigger(self) -> str:
        """Return what a click would bring."""
        found: str = self.ask("views.generateTriggerId", WRITES, user_id=ADMIN)["trigger_id"]
        return found

    def ask(self, method: str, token: str, **arguments: str) -> dict[str, Any]:
        # Its certificates would be read for every question, and nothing here has one.
        with httpx.Client(trust_env=False, timeout=60, verify=False) as client:
            given = {"channel": CHANNEL, **arguments}
            answer = client.post(f"{self.api}/{method}", data=given, headers={"Authorization": f"Bearer {token}"})
        found: dict[str, Any] = answer.json()
        assert found["ok"], found
        return found


@contextmanager
def slack_emulator(folder: Path, lacking: Lacking) -> Iterator[SlackEmulator]:
    """Run it on a free port of the loopback, with one app in one workspace."""
    program = installed(PINNED, lacking) / "emulate" / "dist" / "index.js"
    seed = folder / "seed.json"
    seed.write_text(json.dumps(_SEED))
    preload = ["--require", str(PINNED / "loopback.cjs")]
    command = [node(), *preload, str(program), "start", "--service", "slack", "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield SlackEmulator(listening(server))
        finally:
            server.kill()
