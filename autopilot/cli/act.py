"""run, resume, cancel, rollback: commands that carry runs on."""

import time
from argparse import Namespace

from autopilot import output, view
from autopilot import settings as configured
from autopilot.bootstrap import Office, office
from autopilot.cli.text import run_text
from autopilot.fleet.lapsing import lapse
from autopilot.fleet.pausing import said
from graph.errors import AutopilotError, Misconfigured, Unavailable
from graph.model import Json
from graph.ports import Clock

_LONGEST_PAUSE_S = 15.0
_PATIENCE_S = 600.0
"""For how long a system that trains may be away before who waits for it gives up; the job goes on."""


def load(arguments: Namespace) -> configured.Settings:
    """Return the settings of one command."""
    person = getattr(arguments, "person", None)
    return configured.load(config=arguments.config, now=arguments.now, user=person)


def run(arguments: Namespace) -> int:
    """Check now, act, stop at the next wait."""
    settings = load(arguments)
    with office(settings) as at_work:
        name = at_work.engine.run(arguments.model, settings.user, settings.os_user)
        if arguments.wait:
            _follow(at_work, name, arguments)
        return _show(at_work, name, arguments)


def resume(arguments: Namespace) -> int:
    """Carry one run on, or all that can go on."""
    if bool(arguments.run) == arguments.all:
        raise Misconfigured("resume takes a run, or --all", "autopilot runs lists them")
    settings = load(arguments)
    with office(settings) as at_work:
        if arguments.all:
            return _resume_all(at_work, arguments, settings.clock)
        name = str(view.find(at_work.book, arguments.run)["run"])
        _carry_on(at_work, name, settings.clock)
        if arguments.wait:
            _follow(at_work, name, arguments)
        return _show(at_work, name, arguments)


def cancel(arguments: Namespace) -> int:
    """Stop a run's job and end the run."""
    settings = load(arguments)
    with office(settings) as at_work:
        name = str(view.find(at_work.book, arguments.run)["run"])
        at_work.engine.cancel(name, settings.user or settings.os_user)
        return _show(at_work, name, arguments)


def rollback(arguments: Namespace) -> int:
    """Ask for the previous champion."""
    settings = load(arguments)
    with office(settings) as at_work:
        name = at_work.engine.rollback(arguments.model, settings.user, settings.os_user)
        return _show(at_work, name, arguments)


def _carry_on(at_work: Office, name: str, clock: Clock) -> None:
    """Carry a run on. One that cannot begin gives a slot back that it had for long enough."""
    try:
        at_work.engine.carry_on(name)
    finally:
        lapse(at_work, name, clock.now())


def _resume_all(at_work: Office, arguments: Namespace, clock: Clock) -> int:
    """Carry on every open run; one that fails must not keep the next from its turn."""
    documents, failed = [], False
    for row in at_work.book.runs.unfinished():
        name = str(row["run"])
        try:
            _carry_on(at_work, name, clock)
            if arguments.wait:
                _follow(at_work, name, arguments)
        except AutopilotError as error:
            failed = True
            output.say(f"{row['model']} {name}: {error.message}", as_json=True)
        found = view.run(at_work.book, at_work.book.runs.row(name))
        failed = failed or view.code(found) == 1
        documents.append(found)
    if arguments.json:
        output.document({"runs": documents})
    else:
        texts = [run_text(found, held(at_work, found["model"])) for found in documents]
        output.say("\n\n".join(texts) or "nothing to carry on")
    return 1 if failed else 0


def _show(at_work: Office, name: str, arguments: Namespace) -> int:
    found = view.run(at_work.book, at_work.book.runs.row(name))
    if arguments.json:
        output.document(found)
    else:
        output.say(run_text(found, held(at_work, found["model"])))
    return view.code(found)


def held(at_work: Office, model: str) -> Json | None:
    """Return who holds a model; None where nobody does."""
    entry = at_work.file.models.get(model)
    return said(at_work.book, model, entry.tags if entry else ())


def _follow(at_work: Office, name: str, arguments: Namespace) -> None:
    """Wait for the run's training job, saying how it does; carry the run on when it ends.

    The waiting is the only thing here that looks at real time: a standing --now must not make it endless.
    """
    began, said, answered = time.monotonic(), 0.0, time.monotonic()
    while True:
        row = at_work.book.runs.row(name)
        if row["outcome"] or row["status"] != "training":
            return
        waited = time.monotonic() - began
        if waited >= said:
            output.say(f"  training {waited:4.0f} s  {_last_line(row['job'])}", as_json=arguments.json)
            said = waited * 1.5 + 1
        # Each look is a request to where it trains; and a long training is not missed by some seconds.
        time.sleep(min(0.2 + waited / 20, _LONGEST_PAUSE_S))
        try:
            job = at_work.parts(row["model"]).pipeline.find(row["job"]["key"])
        except Unavailable as away:
            if time.monotonic() - answered > _PATIENCE_S:
                raise
            output.say(f"  {away.message}: asked again", as_json=arguments.json)
            continue
        answered = time.monotonic()
        if job is None or job.state not in ("queued", "running"):
            at_work.engine.carry_on(name)
            if held(at_work, row["model"]):
                # Nothing follows until somebody lifts that, which nobody waits for here.
                return


def _last_line(job: Json) -> str:
    """Return the end of the job's output, for a person who waits."""
    try:
        with open(job["log"], "rb") as log:
            log.seek(max(0, log.seek(0, 2) - 400))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
    except (OSError, TypeError):  # no output yet, or a pipeline whose output lies elsewhere
        return ""
    return lines[-1][:100] if lines else ""
