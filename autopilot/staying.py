"""How a process that stays, `serve` or `work`, speaks and ends."""

import logging

from autopilot import output
from autopilot.settings import Settings
from graph.errors import AutopilotError

_log = logging.getLogger(__name__)


def say(settings: Settings, text: str) -> None:
    """Tell whoever started this: on a terminal, or where every line is one of the log, there."""
    if settings.log == "json":
        _log.info("%s", text)
    else:
        output.say(text)


def code(settings: Settings, error: BaseException | None, finished: bool) -> int:
    """Say how it has ended; return its exit code. An error that is not ours is raised where no log takes it."""
    if error and settings.log == "json":
        _log.critical("%s", error, exc_info=error)
        return output.code(error)
    if isinstance(error, AutopilotError):
        return output.failed(error, as_json=False)
    if error is not None:
        raise error
    if not finished:
        say(settings, "stopped in the middle of a run; it goes on with the next start, or: autopilot resume --all")
    return 0
