"""A channel in memory: everybody reads it, answers come when the test says so, and it fails when it is told to."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Event
from uuid import uuid4

from graph.errors import AutopilotError, Unavailable
from graph.model import Json
from tools.approvals.channel import Heard, Notice


class FakeChannel:
    """Port Channel. What it was given is kept, oldest first."""

    def __init__(self, kind: str = "fake", finds: bool = True) -> None:
        self.kind = kind
        self.finds = finds
        """Whether it can be searched."""
        self.posts: list[Notice] = []
        """The requests that were shown, a second message of one nonce as well."""
        self.updates: list[tuple[str, Notice]] = []
        """Id of the request, and what it was told."""
        self.said: list[tuple[str, str, str, tuple[str, ...]]] = []
        """Id of the request, nonce, text, people called."""
        self.told: list[tuple[str, str]] = []
        """Nonce and text, …"""
        self.called: list[tuple[str, ...]] = []
        """… and people called."""
        self.shows: dict[str, Notice] = {}
        """Every request as it stands there, by id."""
        self.away: AutopilotError | None = None
        """Raised by every call while it is set."""
        self.slow: Event | None = None
        """Every call waits for it while there is one."""
        self.replies_to_lose = 0
        """How many of the next posts, lines and words are there, and said not to be known."""
        self._heard: dict[str, list[Heard]] = defaultdict(list)

    def find(self, notice: Notice) -> Json | None:
        self._answer()
        shown = (known for known, told in self.shows.items() if told.nonce == notice.nonce)
        return next(({"id": known} for known in shown if self.finds), None)

    def post(self, notice: Notice) -> Json:
        self._answer()
        known = str(uuid4())
        self.posts.append(notice)
        self.shows[known] = notice
        self._reply()
        return {"id": known}

    def update(self, known: Json, notice: Notice) -> None:
        self._answer()
        self.updates.append((known["id"], notice))
        self.shows[known["id"]] = notice

    def say(self, known: Json, nonce: str, text: str, call: Sequence[str]) -> None:
        self._answer()
        self.said.append((known["id"], nonce, text, tuple(call)))
        self._reply()

    def tell(self, nonce: str, text: str, call: Sequence[str]) -> None:
        self._answer()
        self.told.append((nonce, text))
        self.called.append(tuple(call))
        self._reply()

    def heard(self, known: Json, notice: Notice) -> Sequence[Heard]:
        self._answer()
        return tuple(self._heard[known["id"]])

    def hear(self, known: Json, heard: Heard) -> None:
        """Let a person answer there."""
        self._heard[known["id"]].append(heard)

    def _answer(self) -> None:
        if self.slow is not None:
            self.slow.wait()
        if self.away is not None:
            raise self.away

    def _reply(self) -> None:
        if self.replies_to_lose:
            self.replies_to_lose -= 1
            raise Unavailable(f"the {self.kind} channel did not answer", "try again later")
