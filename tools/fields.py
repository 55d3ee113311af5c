"""How single values are written in autopilot.yaml, and the base of all its parts."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?[dhms])+$")


def _duration(value: object) -> object:
    if isinstance(value, str) and _DURATION.match(value):
        parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", value)
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    if isinstance(value, timedelta):
        return value
    raise ValueError("a duration is written like 3d, 12h, 30m or 1d12h")


def _moment(value: object) -> object:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueError("a time is written like 2026-01-01 or 2026-01-01T06:00:00Z")


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Span = Annotated[Duration, AfterValidator(_positive)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Base of every part of the file: an unknown field is an error, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)
