"""approve, deny, answer: a person's answers. The name is asserted; the OS user is recorded beside it."""

from argparse import Namespace

from autopilot import output, view
from autopilot.bootstrap import office
from autopilot.cli.act import held, load
from autopilot.cli.text import answered_text, run_text
from autopilot.replying import Replier, incident_number, replied_to_all
from graph.codec import dump
from graph.errors import Misconfigured
from graph.model import Answer, Question


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
    number = incident_number(arguments.model)
    with office(settings) as at_work:
        if number is None or arguments.model in at_work.file.models:
            own = at_work.engine.reply(
                arguments.model, arguments.genuine, settings.user, settings.os_user, arguments.comment
            )
            closed = {arguments.model: own}
        else:
            who = Replier(settings.user, settings.os_user, arguments.comment)
            closed = replied_to_all(at_work.book, number, arguments.genuine, who, settings.clock.now())
    tell(arguments, closed)
    return 0


def tell(arguments: Namespace, closed: dict[str, tuple[Question, ...]]) -> None:
    """Say which questions were closed, by model."""
    documents = {model: [dump(each) for each in questions] for model, questions in closed.items()}
    if not arguments.json:
        output.say("\n".join(answered_text(model, questions) for model, questions in closed.items()))
    elif arguments.model in documents:
        output.document({"model": arguments.model, "questions": documents[arguments.model]})
    else:
        told = [{"model": model, "questions": asked} for model, asked in documents.items()]
        output.document({"incident": arguments.model, "models": told})


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
