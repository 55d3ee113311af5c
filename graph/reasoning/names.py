"""Words out of users' data become ids before a language model sees them; people get them back, quoted and cut."""

import re
from collections.abc import Mapping, Sequence

from graph.policy.words import short

_ID = re.compile(r"\b(?:col|val)_\d+\b")


class Names:
    """Gives each column and each other word of the data an id: `col_07` is the seventh column, `val_3` a value."""

    def __init__(self, columns: Sequence[str]) -> None:
        width = max(2, len(str(len(columns))))
        self._columns = {name: f"col_{at:0{width}d}" for at, name in enumerate(columns, 1)}
        self._values: dict[str, str] = {}
        self._used: dict[str, str] = {}

    def column(self, name: str) -> str:
        """Return a column's id. One that is not among the columns is a value like any other."""
        return self._note(self._columns[name], name) if name in self._columns else self.value(name)

    def value(self, text: str) -> str:
        """Return the id of any other text: a category, a version, a slice."""
        return self._note(self._values.setdefault(text, f"val_{len(self._values) + 1}"), text)

    @property
    def used(self) -> dict[str, str]:
        """The ids that were given out, with what they stand for."""
        return dict(self._used)

    def _note(self, given: str, text: str) -> str:
        self._used[given] = text
        return given


def revealed(text: str, names: Mapping[str, str]) -> str:
    """Return text with ids replaced by what they stand for: quoted, so that a name is never read as a word of ours."""
    return _ID.sub(lambda found: short(names[found[0]]) if found[0] in names else found[0], text)
