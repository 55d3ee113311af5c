"""backtest: another policy on a model's stored past. Reads the ledger and writes nothing to it."""

import sys
from argparse import Namespace
from datetime import datetime
from itertools import count
from pathlib import Path

from autopilot import output, spec, words
from autopilot import settings as configured
from autopilot.backtest import record
from autopilot.backtest.document import document
from autopilot.backtest.policies import other
from autopilot.backtest.replay import OTHER, PRESENT, Read, replay
from autopilot.bootstrap import ledger
from autopilot.cli.text import page
from autopilot.clock import parse
from autopilot.effective import spec_of
from autopilot.upkeep.lock import upkeep_of
from graph.errors import Misconfigured
from graph.evidence import Evidence
from graph.model import Json
from graph.spec import ModelSpec

_TOLD_AFTER = 250
"""Checks."""


def backtest(arguments: Namespace) -> int:
    """Show what the present policy, and another one, would have decided on the evidence that was stored."""
    from autopilot.report.replay import replay_html
    from autopilot.report.replay_text import backtest_text

    found = _found(arguments)
    if arguments.html:
        _write(Path(arguments.html), replay_html(found))
        output.say(f"wrote {arguments.html}", as_json=arguments.json)
    if arguments.json:
        output.document(found)
    else:
        output.say(backtest_text(found, page(), arguments.explain))
    return 0


def _found(arguments: Namespace) -> Json:
    settings = configured.load(config=arguments.config, now=arguments.now)
    specs, sources = _specs(arguments, settings)
    since, until = _moment(arguments.since, "--from"), _moment(arguments.until, "--to")
    if since and until and since >= until:
        raise Misconfigured(f"--from {arguments.since} is not before --to {arguments.until}", "exchange them")
    # What it reads stays as it is until it has read it.
    with ledger(settings) as book, book.database.shared(upkeep_of(arguments.model)):
        past = record.read(book, arguments.model, specs[PRESENT].registry, since, until)
        found = replay(past, specs, _counted(lambda run: record.evidence(book, run), len(past.checks)))
    return document(arguments.model, found, sources)


def _counted(read: Read, checks: int) -> Read:
    """Return a reader that tells somebody at a terminal how far it has come."""
    done = count(1)

    def counted(run: str) -> Evidence:
        place = next(done)
        if place % _TOLD_AFTER == 0 and sys.stderr.isatty():
            output.say(f"  {place:,} of {words.count(checks, 'check')}", as_json=True)
        return read(run)

    return counted


def _moment(text: str | None, source: str) -> datetime | None:
    if text is None:
        return None
    day = len(text) == len("2026-03-01")
    return parse(f"{text}T00:00:00Z" if day else text, source)


def _specs(arguments: Namespace, settings: configured.Settings) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """Return the policies by name, and the file that each was read from."""
    file, here = spec.read(settings.config), settings.config.absolute().parent
    entry = file.model(arguments.model)
    specs = {PRESENT: spec_of(file, arguments.model, entry, here)}
    sources = {PRESENT: str(settings.config)}
    if arguments.policy:
        specs[OTHER] = spec_of(file, arguments.model, other(Path(arguments.policy), entry), here)
        sources[OTHER] = arguments.policy
    return specs, sources


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written: {error.strerror}") from None
