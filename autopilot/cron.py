"""How often a model is to be checked, as its owner writes it: five fields of cron, in UTC."""

import re
from datetime import UTC, datetime

_CHANCE = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
"""H and R stand for any value: another one each time that they are read."""


def five_fields(value: str) -> str:
    """Return a schedule as it is written. ValueError where it is none, or names no time that ever comes."""
    from croniter import CroniterError, croniter

    try:
        if len(value.split()) == 5 and not _CHANCE.search(value):
            croniter(value, datetime(2000, 1, 1, tzinfo=UTC)).get_next(datetime)
            return value
    except CroniterError:
        pass
    raise ValueError(f"{value!r} is no schedule; write five fields of cron, in UTC, such as 0 * * * *")
