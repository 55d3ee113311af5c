"""Lines of one screen: a word in the margin, what it is about beside it, marked points below."""

from collections.abc import Iterable, Sequence

from autopilot import words

INDENT = " " * 10
_MOST_OUTPUT = 6
"""Lines from the end of a failed job's output: its log has the rest."""


class Screen:
    """Lines as they come; nothing is longer than the width but a word that cannot be broken.

    `brevity`: 0 names everything, 1 only counts what has no value, 2 whatever was as it should be; 3 leaves also
    out what passed rules say, beside their values.
    """

    def __init__(self, width: int, brevity: int = 0) -> None:
        self.width = width
        self.brevity = brevity
        self.lines: list[str] = []

    def title(self, text: str) -> None:
        """Add text at the very left, wrapped."""
        self.lines += words.wrapped(text, "", "  ", self.width)

    def say(self, margin: str, text: str) -> None:
        """Add text beside a word, wrapped."""
        self.lines += words.wrapped(text, margin.ljust(len(INDENT)), INDENT, self.width)

    def say_all(self, margin: str, texts: Iterable[str]) -> None:
        """Add several texts, each on its own line, the first beside the word."""
        for text in texts:
            self.say(margin, text)
            margin = ""

    def flow(self, margin: str, texts: Sequence[str]) -> None:
        """Add several texts beside a word, one after the other, each kept whole where it fits a line."""
        self.lines += words.flowing(texts, margin.ljust(len(INDENT)), INDENT, self.width, between="; ")

    def point(self, mark: str, text: str) -> None:
        """Add one marked line."""
        self.lines += words.wrapped(text, f"  {mark} ", "    ", self.width)

    def line(self, mark: str, text: str) -> None:
        """Add one marked line, cut where it does not fit."""
        self.lines.append(f"  {mark} {words.cut(text, self.width - 4)}")

    def points(self, mark: str, texts: Sequence[str]) -> None:
        """Add many short texts one after the other behind one mark."""
        self.lines += words.flowing(texts, f"  {mark} ", "    ", self.width)

    def quote(self, text: str) -> None:
        """Add the end of somebody else's output as it is."""
        room = max(1, self.width - len(INDENT) - 2)
        pieces = [line[at : at + room] for line in text.splitlines() for at in range(0, len(line), room)]
        self.lines += [f"{INDENT}| {piece}" for piece in pieces[-_MOST_OUTPUT:]]

    def gap(self) -> None:
        """Separate what follows."""
        self.lines.append("")
