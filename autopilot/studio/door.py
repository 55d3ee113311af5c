"""Who may do what through LangGraph's local server, and how an answer from there becomes a row before anything runs.

No resume value reaches the graph: an answer is written to the ledger by the same rules as one from anywhere else, and
the thread then goes on from where it stands. What is refused leaves thread and row as they were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autopilot.studio.answers import NOT_UNDERSTOOD, read
from graph.errors import Misconfigured, Refused
from graph.model import Answer, Json
from graph.thread import Position

CHANNEL = "studio"
_RANKS = {"viewer": 0, "operator": 1, "approver": 2}
_NEEDED = "autopilot token NAME --role {0}"
_JUDGED = (("waiting", "approval"), ("finished", None), ("runnable", None))
"""Where the rule of all channels judges an answer: one to what has ended, or goes on just now, comes too late."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose request it is. Without a name: somebody at this machine, who could as well use the command line."""

    person: str | None = None
    role: str = "operator"


@dataclass(frozen=True, slots=True)
class Door:
    """Takes requests to run. What it needs from the product comes as functions."""

    holder: Callable[[str], Who | None]
    """Token → whom it stands for."""
    position: Callable[[str], Position]
    """Thread id → where the thread stands."""
    open: Callable[[str, str | None], str]
    """(model, who asks) → the run that was opened. NotFound for a model that is not configured."""
    take: Callable[[str, Answer], None]
    """(run, answer): write the answer down. Refused with the rule."""
    now: Callable[[], datetime]

    def admit(self, who: Who, thread: str | None, asked: Json) -> None:
        """Judge one request to run, `asked` being its `input`, `command` and `config`; leave in it what may run.

        Refused and Misconfigured say why it may not; nothing has changed then.
        """
        command = asked.get("command") or {}
        if _bends(command, asked.get("config") or {}):
            raise Refused("a run goes on from where it stands; its state and its way cannot be set from here")
        at = self.position(thread) if thread else None
        if "resume" in command:
            self._answer(who, at, command["resume"])
            asked["input"] = asked["command"] = None
        elif asked.get("input") is not None:
            asked["input"] = self._begin(who, at, asked["input"])
        else:
            require(who, "operator", "carrying a run on")

    def _begin(self, who: Who, at: Position | None, given: Any) -> Json:
        require(who, "operator", "starting a check")
        if at is not None and at.at != "unseeded":
            raise Refused("this thread is a run already", "begin the check in a new thread")
        given = {key: value for key, value in given.items() if value} if isinstance(given, dict) else {}
        if list(given) != ["model"] or not isinstance(given["model"], str):
            raise Misconfigured("a check begins with the model's name and nothing else", 'write {"model": NAME}')
        return {"model": given["model"], "run": self.open(given["model"], who.person)}

    def _answer(self, who: Who, at: Position | None, value: object) -> None:
        if at is None or at.run is None or (at.at, at.kind) not in _JUDGED:
            raise Refused("this thread waits for nobody's answer", "see what it waits for with: autopilot runs")
        said = read(value, at.interrupt)
        if said is None:
            raise Misconfigured(f"the answer to run {at.run} was not understood: {NOT_UNDERSTOOD}")
        if said.token:
            found = self.holder(said.token)
            if found is None:
                raise unknown_token()
            who = found
        require(who, "approver", "an answer")
        self.take(at.run, Answer(str(who.person), said.decision, CHANNEL, self.now(), said.comment))


def _bends(command: Json, config: Json) -> bool:
    """Tell whether a request would set a run's state, send it another way, or go on from an earlier step."""
    elsewhere = (config.get("configurable") or {}).get("checkpoint_id")
    return bool(command.get("update") or command.get("goto") or elsewhere)


def require(who: Who, role: str, what: str) -> None:
    """Return when the person's role is this or a higher one. Refused says which it takes."""
    if _RANKS[who.role] >= _RANKS[role] and (who.person or role != "approver"):
        return
    whose = f"{who.person} came as {who.role}" if who.person else "no token came with it"
    raise Refused(f"{what} needs the token of an {role}, and {whose}", _NEEDED.format(role))


def unknown_token() -> Refused:
    """Return what to tell somebody whose token stands for nobody."""
    return Refused("this token is not known here, or was revoked", _NEEDED.format("approver"))
