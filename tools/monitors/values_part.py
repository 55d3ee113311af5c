"""What an owner writes of a named value that is watched, and what is seen of such values."""

from collections.abc import Iterator, Mapping

from graph.errors import Misconfigured
from graph.evidence import Evidence
from tools.fields import Part
from tools.monitors.watched import Cause, Means, Watched
from tools.plugins import Finding


class ValuePart(Part):
    """A value's limits, and what it means when it crosses one."""

    below: float | None = None
    above: float | None = None
    means: Means
    cause: Cause | None = None

    def watched(self, name: str) -> Watched:
        """Return the value under its name."""
        return Watched(name, self.means, self.below, self.above, self.cause)


def checked(values: Mapping[str, ValuePart]) -> None:
    """Raise ValueError for a value that could never be judged."""
    for name, part in values.items():
        try:
            part.watched(name).check("values")
        except Misconfigured as problem:
            raise ValueError(f"{problem.message.removeprefix('values: ')}; {problem.hint}") from None


def seen(evidence: Evidence) -> Iterator[Finding]:
    """Yield what there is now of each watched value."""
    for reading in evidence.readings:
        if reading.value is None:
            hint = f"until there is one, {reading.name} is `insufficient`: see to {reading.query}"
            yield Finding("warning", f"{reading.name}: {reading.missing}", hint)
        else:
            yield Finding("ok", f"{reading.name} is {reading.value:g}")
