"""How names and ends of sentences are written on the pages."""

from collections.abc import Iterable

_ENDS = (".", "!", "?", "…")


def either(names: Iterable[str], word: str = "or") -> str:
    """Return names in a sentence: `ana, ben or eve`."""
    *first, last = list(names) or ["nobody"]
    return f"{', '.join(first)} {word} {last}" if first else last


def stopped(text: str) -> str:
    """Return text with a stop at its end. Its first letter stays as it is: it may be that of a name."""
    return text if text.rstrip('"”').endswith(_ENDS) else f"{text}."


def opened(text: str) -> str:
    """Return text as a sentence of its own, begun with a capital letter."""
    return stopped(f"{text[:1].upper()}{text[1:]}")
