"""A named value that the owner watches: when it crosses a limit, what that means, and how it becomes evidence."""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from graph.errors import Misconfigured
from graph.evidence import Reading

Means = Literal["degraded", "broken_data"]
Cause = Literal["data_quality", "label_quality", "covariate_shift", "label_shift", "concept_drift", "unknown"]

CAUSES: dict[Means, tuple[Cause, ...]] = {
    "degraded": ("unknown", "covariate_shift", "label_shift", "concept_drift"),
    "broken_data": ("data_quality", "label_quality"),
}
"""What a crossed limit may be blamed on; the first is meant where the owner says nothing."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Watched:
    """One value by name, with the limits that it crosses by being smaller or larger."""

    name: str
    means: Means
    below: float | None = None
    above: float | None = None
    cause: Cause | None = None

    def check(self, model: str) -> None:
        """Raise Misconfigured for a value that could not be judged."""
        said = f"{model}: {self.name[:60]!r}"
        if not _NAME.fullmatch(self.name):
            raise Misconfigured(f"{said} is no name for a value", "use letters, digits and _, beginning with a letter")
        limits = [limit for limit in (self.below, self.above) if limit is not None]
        if not limits or not all(math.isfinite(limit) for limit in limits):
            raise Misconfigured(f"{said} has no limit to cross", "write below: or above: with a number")
        if self.below is not None and self.above is not None and self.below > self.above:
            raise Misconfigured(f"{said} crosses a limit whatever it is", "below must not be larger than above")
        if self.cause is not None and self.cause not in CAUSES[self.means]:
            raise Misconfigured(
                f"{said} cannot mean {self.means} because of {self.cause}",
                f"causes are {', '.join(CAUSES[self.means])}",
            )

    def reading(
        self, query: str, value: float | None, at: datetime | None, stale_after: timedelta | None, missing: str = ""
    ) -> Reading:
        """Return what was read. A value that is no finite number is none, and `missing` then says what it was."""
        if value is not None and not math.isfinite(value):
            missing, value = missing or f"its newest value is {_named(value)}", None
        return Reading(
            name=self.name,
            query=query,
            means=self.means,
            cause=self.cause or CAUSES[self.means][0],
            value=value,
            at=at,
            below=self.below,
            above=self.above,
            stale_after=stale_after,
            missing=missing,
        )


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
