"""Text from outside as Slack shows it: as it is. No mention, link or line of ours can be made of it."""

import re
from collections.abc import Sequence

from graph.errors import Misconfigured

LONGEST_SECTION = 2900
"""Characters: Slack takes 3000, counted its way."""
_MOST_CALLED = 100
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ADDRESS = re.compile(r"[TE][A-Z0-9]+/([UW][A-Z0-9]+)")
_LINK = re.compile(r"https?://(?:[^\s|<>&\"']|&amp;)*(?:[^\s|<>&\"'.,;:!?)\]]|&amp;)")


def line(text: str, most: int = LONGEST_SECTION) -> str:
    """Return a text as one line of at most so many characters, escaped."""
    return _cut(" ".join(_printable(text).split()), most)


def paragraphs(text: str, most: int) -> list[str]:
    """Return a text of many lines in pieces that fit a section each, at most so many pieces; addresses become links."""
    pieces = [""]
    for each in (line(one) for one in text.splitlines()):
        linked = _LINK.sub(lambda found: f"<{found[0]}>", each)
        shown = linked if len(linked) <= LONGEST_SECTION else each
        if len(pieces[-1]) + len(shown) + 1 > LONGEST_SECTION:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]}\n{shown}" if pieces[-1] else shown
    full = [piece for piece in pieces if piece]
    return full if len(full) <= most else [*full[: most - 1], "… and more than fits here"]


def link(address: str, words: str) -> str:
    """Return a link of ours."""
    return f"<{_cut(address.replace('|', '%7C'), LONGEST_SECTION // 2)}|{words}>"


def mention(address: str) -> str:
    """Return how a person is called by name. Misconfigured when the address is not `team/user`."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise Misconfigured(
            f"slack: {line(address, 60)!r} is no address of a person there", "write people.<name>.slack as T…/U…"
        )
    return f"<@{found[1]}>"


def mentions(addresses: Sequence[str]) -> str:
    """Return how several are called, as many as fit a section."""
    return " ".join(map(mention, addresses[:_MOST_CALLED]))


def _printable(text: str) -> str:
    # Also what turns the direction of writing: it would show another text than the one that was judged.
    return "".join(c if c.isprintable() else " " for c in text)


def _cut(text: str, most: int) -> str:
    """Return the text escaped; one that is too long ends in … and never in half an escape."""
    pieces = [_ESCAPES.get(c, c) for c in text]
    if sum(map(len, pieces)) <= most:
        return "".join(pieces)
    kept, room = [], most - 1
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"
