"""The doors over a house: a real application and real rows; only the outside is played."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from autopilot import spec as written
from autopilot.api.app import application
from autopilot.api.rate import Rate
from autopilot.bootstrap import Office
from autopilot.desk import Desk
from autopilot.serve import callbacks
from checkpoints.ledger.tokens import Role
from graph.errors import Misconfigured
from graph.ports import Deps
from tests.house import MODEL, House
from tools.approvals.channel import Channel

PEOPLE = {"ana": "approver", "ben": "approver", "otto": "operator", "vera": "viewer"}
"""Who is known, with the role of the token that each is given."""
FILE = f"""
people:
  ana: {{slack: T1/U1, jira: jira-ana}}
  ben: {{slack: T1/U2, jira: jira-ben}}
  otto: {{}}
  vera: {{}}
inbox: {{url: "https://autopilot.example"}}
models:
  {MODEL}:
    task: binary_classification
    registry: {{model: fraud}}
    monitor:
      kind: predictions
      source: "log/*.parquet"
      id: id
      timestamp: at
      prediction: score
      features: [amount]
      window: 1d
      reference: {{from: 2026-01-01, until: 2026-02-01}}
      labels: {{source: "labels/*.parquet", id: id, label: fraud, timestamp: at, delay: 1d}}
    pipeline: {{kind: local, command: ["true"]}}
    approval: {{approvers: [ana, ben], channels: [cli, api, web]}}
"""


@dataclass
class Serving:
    """A house with its doors open."""

    home: House
    desk: Desk
    client: TestClient
    config: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, person: str) -> dict[str, str]:
        """Return what a request of this person carries; of nobody, nothing."""
        return {"Authorization": f"Bearer {self.tokens[person]}"} if person in self.tokens else {}

    def token(self, person: str, role: Role) -> str:
        """Return a new token."""
        return self.home.book.tokens.make(person, role, "test", self.home.clock.now())


@contextmanager
def serving(
    home: House,
    folder: Path,
    channels: dict[str, Callable[[], Channel]] | None = None,
    logins: dict[str, str] | None = None,
    text: str = FILE,
    rate: Rate | None = None,
) -> Iterator[Serving]:
    """Yield the doors over a house, each person with a token of the role that PEOPLE says."""
    config = folder / "autopilot.yaml"
    config.write_text(text)
    home.spec[0] = replace(
        home.spec[0], approval=replace(home.spec[0].approval, channels=("cli", "api", "web", *(channels or {})))
    )

    def under(file: written.File) -> Office:
        return Office(home.engine, home.book, file, _parts, channels or {}, under)

    desk = Desk(config, home.clock, logins or {}, under(written.read(config)))
    app = application(desk, more=[callbacks.router], rate=rate or Rate(1e6, 1e6))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=True) as client:
        doors = Serving(home, desk, client, config)
        doors.tokens = {person: doors.token(person, role) for person, role in PEOPLE.items()}  # type: ignore[arg-type]
        yield doors


def _parts(name: str) -> Deps:
    raise Misconfigured(f"nothing here asks for the parts of {name}")


def routes(app: Any) -> set[tuple[str, str]]:
    """Return method and path of every route, those of included routers too."""
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        found |= (
            routes(inner) if inner else {(method, route.path) for method in route.methods or () if method != "HEAD"}
        )
    return found
