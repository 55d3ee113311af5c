"""approve, deny, answer: a person's answers. The name is asserted; the OS user is recorded beside it."""

from argparse import Namespace

from autopilot import output, view
from autopilot.bootstrap import office
from autopilot.cli.act import held, load
from autopilot.cli.text import answered_text, run_text
from graph.codec import dump
from graph.errors import Misconfigured
from graph.model import Answer


def approve(arguments: Namespace) -> int:
    """Approve, and carry the run on to its promotion."""
    return _answer(arguments, "approve")


def deny(arguments: Namespace) -> int:
    """Deny, which ends the run."""
    return _answer(arguments, "deny")


def answer(arguments: Namespace) -> int:
    """Answer what a model's owner was asked about broken data or labels."""
    settings = load(arguments)
    if settings.user is None:
        raise Misconfigured("an answer needs a name", "add --as NAME, or set AUTOPILOT_USER")
    with office(settings) as at_work:
        closed = at_work.engine.reply(
            arguments.model, arguments.genuine, settings.user, settings.os_user, arguments.comment
        )
    if arguments.json:
        output.document({"model": arguments.model, "questions": [dump(each) for each in closed]})
    else:
        output.say(answered_text(arguments.model, closed))
    return 0


def _answer(arguments: Namespace, decision: str) -> int:
    settings = load(arguments)
    if settings.user is None:
        raise Misconfigured("an answer needs a name", "add --as NAME, or set AUTOPILOT_USER")
    with office(settings) as at_work:
        name = str(view.find(at_work.book, arguments.run)["run"])
        given = Answer(
            person=settings.user,
            decision="approve" if decision == "approve" else "deny",
            channel="cli",
            at=settings.clock.now(),
            comment=arguments.comment,
            os_user=settings.os_user,
        )
        at_work.engine.answer(name, given, arguments.fingerprint)
        found = view.run(at_work.book, at_work.book.runs.row(name))
        paused = held(at_work, found["model"])
    if arguments.json:
        output.document(found)
    else:
        output.say(run_text(found, paused))
    return view.code(found)
