"""What an issue says, in Atlassian's document format: text is text there, so that markup in a name stays a name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.codec import digest
from graph.model import Json
from graph.policy.words import moment
from tools.approvals.channel import Notice

_LONGEST_LINE = 1_000
_LONGEST_SUMMARY = 255
"""Jira's own limit, in characters."""
_MOST_DOUBTS = 20
_FINGERPRINT = 12
"""As many characters of it as every other place shows."""
_LABEL = "autopilot"


def labels(nonce: str) -> list[str]:
    """Return the labels of an issue: one for all that Autopilot asks, and the one by which it is found again."""
    return [_LABEL, label(nonce)]


def label(nonce: str) -> str:
    """Return the label by which the issue of a request is found again."""
    return f"{_LABEL}-{nonce}"


def summary(notice: Notice) -> str:
    """Return the headline of an issue."""
    return _cut(f"{_plain(notice.model)}: {_plain(notice.headline)}", _LONGEST_SUMMARY)


def description(notice: Notice, approved: Sequence[str], denied: Sequence[str]) -> Json:
    """Return what is asked, and how to answer it there. It is written once and never changed."""
    now = f"version {notice.champion}" if notice.champion else "no version"
    change = f"Model {notice.model}: {now} serves now; approving puts candidate {notice.challenger} in its place."
    doubts = [*notice.doubts[:_MOST_DOUBTS]]
    if len(notice.doubts) > _MOST_DOUBTS:
        doubts.append(f"and {len(notice.doubts) - _MOST_DOUBTS} more: see the report")
    return _document(
        _paragraph(_text(notice.headline, {"type": "strong"})),
        *_bullets([f"{name}: {value}" for name, value in notice.numbers]),
        *([_heading("Doubts"), *_bullets(doubts)] if doubts else []),
        _paragraph(_text(change)),
        _paragraph(_text(f"Fingerprint {notice.fingerprint[:_FINGERPRINT]}, run {notice.run}.")),
        *([_paragraph(_text("The whole report: "), _link(notice.link))] if notice.link else []),
        *([_paragraph(_text("Its trace: "), _link(notice.trace))] if notice.trace else []),
        _paragraph(_text(_how(approved, denied))),
        _paragraph(_text(f"Without an answer by {moment(notice.expires_at)} it is denied.")),
        *([_paragraph(*_mentions(notice.call))] if notice.call else []),
    )


def remark(text: str, call: Sequence[str] = (), after: str = "") -> Json:
    """Return a comment that calls these people. What comes after the text is shown however long that is."""
    return _document(_paragraph(*_mentions(call), _text(text), *([_text(f" {after}")] if after else [])))


def shown(title: object, document: Any) -> str:
    """Return one digest of all that an issue's reader goes by: its headline, its words, and where its links lead."""
    return digest([" ".join(str(title).split()), *lines(document)])


def lines(document: Any) -> list[str]:
    """Return the words of a document, a line per block; whatever Jira adds besides words is left out.

    A link's address and a mentioned person's id count as words.
    """
    if not isinstance(document, dict):
        return _split("" if document is None else str(document))
    return _split("".join(_pieces(document)))


_INLINE = frozenset({"text", "mention", "emoji", "inlineCard", "date", "status", "hardBreak"})


def _pieces(document: Mapping[str, Any]) -> Iterator[str]:
    # Not by calling itself: a document may be nested deeper than calls may.
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        if node.get("type") not in _INLINE:
            yield "\n"
        yield from _words(node)
        inside = node.get("content")
        waiting += reversed(inside) if isinstance(inside, list) else []


def _words(node: Mapping[str, Any]) -> Iterator[str]:
    attributes = node.get("attrs")
    given = attributes if isinstance(attributes, dict) else {}
    if node.get("type") == "text":
        yield str(node.get("text", ""))
        for mark in node.get("marks") or []:
            if isinstance(mark, dict) and mark.get("type") == "link":
                yield f" <{(mark.get('attrs') or {}).get('href')}>"
    elif node.get("type") == "mention":
        yield f"@{given.get('id')}"
    else:
        yield "".join(str(given[name]) for name in ("url", "shortName", "text", "timestamp") if name in given)


def _split(text: str) -> list[str]:
    return [kept for line in text.split("\n") if (kept := " ".join(line.split()))]


def _how(approved: Sequence[str], denied: Sequence[str]) -> str:
    return (
        f"To approve, move this issue to {_either(approved)}; to deny, to {_either(denied)}."
        " Your comment of the minutes around it is kept with the answer."
        " Leave summary and description as they are: an answer to others does not count."
    )


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"“{name}”" for name in names)


def _document(*blocks: Json) -> Json:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def _paragraph(*inline: Json) -> Json:
    return {"type": "paragraph", "content": list(inline)}


def _heading(text: str) -> Json:
    return {"type": "heading", "attrs": {"level": 3}, "content": [_text(text)]}


def _bullets(texts: Sequence[str]) -> list[Json]:
    items = [{"type": "listItem", "content": [_paragraph(_text(text))]} for text in texts]
    return [{"type": "bulletList", "content": items}] if items else []


def _mentions(people: Sequence[str]) -> list[Json]:
    mentions = [{"type": "mention", "attrs": {"id": person}} for person in people]
    return [node for mention in mentions for node in (mention, {"type": "text", "text": " "})]


def _link(address: str) -> Json:
    return _text(address, {"type": "link", "attrs": {"href": address}})


def _text(text: str, *marks: Json) -> Json:
    node: Json = {"type": "text", "text": _cut(_plain(text), _LONGEST_LINE) or "–"}
    return {**node, "marks": list(marks)} if marks else node


def _plain(text: str) -> str:
    """Return one line without what only steers how text is shown, such as line ends and turns of direction."""
    spaced = re.sub(r"\s", " ", text)
    return "".join(c for c in spaced if c.isprintable())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
