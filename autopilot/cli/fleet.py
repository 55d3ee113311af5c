"""status, pause, unpause: all models together. None loads LangGraph, and pausing works while nothing else does."""

import shutil
import sys
import time
from argparse import Namespace

from autopilot import output, words
from autopilot import settings as configured
from autopilot.bootstrap import ledger
from autopilot.cli.fleet_text import fleet_text
from autopilot.cli.text import screen
from autopilot.cli.watching import watch
from autopilot.fleet import pausing, roster
from autopilot.fleet.choice import Choice, Page, chosen, require_words
from autopilot.fleet.screen import fleet
from checkpoints.ledger.book import PostgresLedger
from graph.errors import Misconfigured
from graph.model import Json
from graph.pause import Pause
from graph.policy.pausing import lifted_by, told, whose

_AROUND = 8
"""Lines of a terminal that the table of models leaves to what stands above and below it."""


def status(arguments: Namespace) -> int:
    """Show every model, or those that were chosen; who calls for a person comes first."""
    settings, choice = _settings(arguments), _choice(arguments)
    if arguments.watch and (arguments.json or not sys.stdout.isatty()):
        raise Misconfigured("--watch draws on a terminal", "for a program: autopilot status --json, again and again")
    with ledger(settings) as book:
        if arguments.watch:
            return watch(lambda: _drawn(_read(settings, book), choice, arguments), sys.stdout, time.sleep)
        found = _read(settings, book)
    if arguments.json:
        output.document(_document(found, chosen(found["models"], choice, arguments.limit)))
    else:
        output.say(_drawn(found, choice, arguments))
    return 0


def pause(arguments: Namespace) -> int:
    """Stop models until they are unpaused."""
    settings, of = _settings(arguments), pausing.target(arguments.model, arguments.tag, arguments.all)
    known = _known(settings)
    with ledger(settings) as book:
        made = pausing.pause(book, known, of, arguments.reason, _who(settings), settings.clock.now())
        models = pausing.held(known or roster.EMPTY, of)
        working = [name for name, row in book.fleet.screen().rows.items() if row["active"] and name in models]
    unread = (
        [] if known else ["  the configuration cannot be read (autopilot doctor): nobody looked whether it has this"]
    )
    return _out(arguments, {**_pause(made), "models": models}, "\n".join([_stopped(made, models, working), *unread]))


def unpause(arguments: Namespace) -> int:
    """Lift one pause."""
    settings, of = _settings(arguments), pausing.target(arguments.model, arguments.tag, arguments.all)
    with ledger(settings) as book:
        lifted = pausing.unpause(book, of, arguments.reason, _who(settings), settings.clock.now())
        others = book.pauses()
    lines = [f"{whose(lifted)} is no longer {told(lifted)}"]
    lines += [f"  there is still {told(each)} ({lifted_by(each)})" for each in others]
    lines.append("  next: autopilot resume --all carries on what stood still")
    return _out(arguments, {**_pause(lifted), "still": [_pause(each) for each in others]}, "\n".join(lines))


def _known(settings: configured.Settings) -> roster.Roster | None:
    """Return the models of the file; None where that is broken: it is no time to be refused a brake."""
    try:
        return roster.read(settings.config, settings.home)
    except Misconfigured:
        return None


def _read(settings: configured.Settings, book: PostgresLedger) -> Json:
    # What runs left can be shown without a configuration; one that is there and broken is said.
    return fleet(book, roster.read(settings.config, settings.home), settings.clock.now())


def _choice(arguments: Namespace) -> Choice:
    names = ("verdict", "state", "tag", "owner", "group", "text")
    given = {name: getattr(arguments, name) for name in names}
    choice = Choice(**given, sort=arguments.sort or "urgency", descending=arguments.reverse, page=arguments.page)
    require_words(choice)
    return choice


def _drawn(found: Json, choice: Choice, arguments: Namespace) -> str:
    limit = arguments.limit
    if limit is None and sys.stdout.isatty():
        limit = max(5, shutil.get_terminal_size().lines - _AROUND)
    return fleet_text(found, chosen(found["models"], choice, limit), screen())


def _document(found: Json, page: Page) -> Json:
    return {
        "models": page.rows,
        "summary": found["summary"],
        "found": page.found,
        "page": page.choice.page,
        "pages": page.pages,
        "budget": found["budget"],
        "incidents": found["incidents"],
    }


def _pause(made: Pause) -> Json:
    return {"scope": made.scope, "name": made.name, "by": made.by, "at": words.rfc3339(made.at), "reason": made.reason}


def _stopped(made: Pause, models: list[str], working: list[str]) -> str:
    lines = [f"{whose(made)} is {told(made)}"]
    if made.scope != "model":
        lines.append(f"  that is {len(models):,} now, and whatever is added later")
    if working:
        lines.append(f"  {len(working):,} with an open run: a job that trains goes on, and nothing new begins after it")
    return "\n".join([*lines, f"  lift it with: {lifted_by(made)}"])


def _who(settings: configured.Settings) -> pausing.Who:
    return pausing.Who(settings.user or settings.os_user, settings.os_user)


def _settings(arguments: Namespace) -> configured.Settings:
    person = getattr(arguments, "person", None)
    return configured.load(config=arguments.config, now=arguments.now, user=person)


def _out(arguments: Namespace, found: Json, text: str) -> int:
    if arguments.json:
        output.document(found)
    else:
        output.say(text)
    return 0
