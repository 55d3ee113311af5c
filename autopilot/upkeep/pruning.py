"""`autopilot db prune`: all of the upkeep that is due, at once, and what it came to in words."""

import sys
from datetime import timedelta

from autopilot import output, spec
from autopilot.bootstrap import ledger
from autopilot.settings import Settings
from autopilot.upkeep.amounts import Amounts, What
from autopilot.upkeep.tending import tend

_SAID: dict[What, str] = {
    "decisions_kept_whole": "checks keep what they measured",
    "decisions_folded": "checks keep verdict, rules and values only",
    "windows_folded": "windows become days",
    "windows_dropped": "window counts dropped",
    "checks_dropped": "checks dropped that did nothing",
    "slots_dropped": "records of granted slots dropped",
    "incidents_dropped": "closed incidents dropped",
    "threads_dropped": "threads of ended runs dropped",
    "lines_dropped": "sent messages dropped",
    "folders_removed": "folders of ended runs removed",
    "jobs_removed": "folders of ended jobs removed",
}
_AT_ONCE = timedelta(seconds=1)


def prune(settings: Settings, *, dry: bool) -> Amounts:
    """Fold and drop everything that is due now, or only count it."""
    keep, now = spec.read(settings.config).retention.policy, settings.clock.now()
    total = Amounts()
    with ledger(settings) as book:
        while True:
            # What this very call has tended is not due again: its moment stands still.
            done = tend(book, keep, now, settings.home, every=_AT_ONCE, dry=dry)
            total = total + done
            if not done.more:
                return total
            if sys.stderr.isatty():
                output.say(f"  {total.models:,} models", as_json=True)


def text(done: Amounts, *, dry: bool) -> str:
    """Return what was done, or would be, a line each."""
    lines = [
        f"{done.things(what):>12,}  {said}{f' ({_size(done.size(what))})' if done.size(what) else ''}"
        for what, said in _SAID.items()
        if done.things(what)
    ]
    if not lines and not done.failed:
        lines = ["nothing is old enough to be folded or dropped"]
    if done.left:
        lines.append(f"left for later, as their past is being read: {', '.join(done.left)}")
    lines += [f"failed: {what}: {error['message']}; {error['hint']}" for what, error in done.failed.items()]
    return "\n".join(["nothing was changed; this would be done:", *lines] if dry else lines)


def _size(number: int) -> str:
    """Return bytes in the unit that people read."""
    unit, shown = next((each for each in (("MB", 1e6), ("kB", 1e3)) if number >= each[1]), ("bytes", 1))
    return f"{number / shown:,.1f} {unit}" if shown > 1 else f"{number} {unit}"
