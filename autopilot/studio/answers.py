"""Reads a person's answer in whatever form a client of LangGraph sends it. What is not understood is no answer.

The forms: Agent Inbox `[{"type": "accept", "args": …}]`, agent-chat-ui and LangChain's middleware `{"decisions":
[{"type": "approve"}]}`, one such decision alone, our API's `{"decision": "approve", "comment": …}`, and the bare word.
Each may be addressed to a question: `{ID: answer}`.
"""

from dataclasses import dataclass, field
from typing import Literal

_WORDS: dict[str, Literal["approve", "deny"]] = {
    "accept": "approve",
    "approve": "approve",
    "deny": "deny",
    "ignore": "deny",
    "reject": "deny",
    "respond": "deny",
    "response": "deny",
}
_SAID = ("comment", "message", "args")
"""Where a comment may stand. The arguments of an accepted action come back as they were sent: those are none."""
_LONGEST = 2000
"""Characters of a comment: more than anybody types."""

NOT_UNDERSTOOD = (
    'it must be {"decision": "approve" or "deny", "comment": "…"}, or what Agent Inbox and agent-chat-ui send,'
    f" once, with a comment of at most {_LONGEST} characters; what is promoted cannot be edited"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person answered."""

    decision: Literal["approve", "deny"]
    comment: str = ""
    token: str = field(default="", repr=False)
    """The person's token, from clients that cannot send it beside the answer."""


def read(value: object, question: str | None = None) -> Said | None:
    """Return the answer in a resume value to the question of this id, or None for what is not understood.

    Several answers at once are not understood either: which of them was meant is nobody's to guess.
    """
    if isinstance(value, dict) and list(value) == [question]:
        value = value[question]
    if isinstance(value, dict) and list(value) == ["decisions"]:
        value = value["decisions"]
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, str):
        value = {"decision": value}
    return _one(value) if isinstance(value, dict) else None


def _one(given: dict[object, object]) -> Said | None:
    words = [given[key] for key in ("decision", "type") if key in given]
    word = words[0] if len(words) == 1 else None
    comments = [text for text in (given.get(key) for key in _SAID) if isinstance(text, str) and text]
    comment, token = "".join(comments[:1]), given.get("token", "")
    if not isinstance(word, str) or word not in _WORDS or len(comments) > 1 or not isinstance(token, str):
        return None
    if len(comment) > _LONGEST or "\x00" in comment:
        return None
    return Said(_WORDS[word], comment, token)
