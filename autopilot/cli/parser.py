"""Every command and option, in the order a user meets them. Loads nothing but argparse."""

import argparse
from collections.abc import Callable

from autopilot import __version__

ABOUT = "An autonomous MLOps engineer: watches production models and never promotes without a person."
CODES = (
    "exit codes: 0 done · 1 failure · 2 usage or configuration · 3 waits for approval · 4 waits for training"
    " · 5 refused by a rule"
)

STATES = ("overdue", "stopped", "awaiting_approval", "blocked", "training", "open", "silent", "paused", "shadow")
COLUMNS = ("model", "verdict", "cause", "action", "champion", "checked_at", "waiting_for", "owner", "group", "reason")
"""As autopilot.fleet has them, which is not loaded for a page of help."""

Add = Callable[..., argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    top = argparse.ArgumentParser("autopilot", description=ABOUT, epilog=CODES)
    top.add_argument("--version", action="version", version=f"autopilot {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return _common(commands.add_parser(name, help=about, description=about))

    _acting(add)
    _asking(add)
    _showing(add)
    _serving(add)
    _keeping(add)
    return top


def _common(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument(
        "--json", action="store_true", help="one JSON document on stdout; people's text goes to stderr"
    )
    command.add_argument("--config", metavar="FILE", help="default autopilot.yaml, or AUTOPILOT_CONFIG")
    command.add_argument("--now", metavar="TIME", help="act as of this time (RFC 3339), or AUTOPILOT_NOW")
    return command


def _acting(add: Add) -> None:
    run = add("run", "check a model now, act on it, stop at the next wait")
    run.add_argument("model")
    run.add_argument("--wait", action="store_true", help="follow a training job to its end")
    run.add_argument("--as", dest="person", metavar="NAME", help="ask for this run under a name, or AUTOPILOT_USER")
    resume = add("resume", "carry a run on")
    resume.add_argument("run", nargs="?")
    resume.add_argument("--all", action="store_true", help="carry on whatever can go on")
    resume.add_argument("--wait", action="store_true", help="follow a training job to its end")
    cancel = add("cancel", "stop a run's job and end the run")
    cancel.add_argument("run")
    cancel.add_argument("--as", dest="person", metavar="NAME")
    rollback = add("rollback", "ask for the previous champion, through the same approval")
    rollback.add_argument("model")
    rollback.add_argument("--as", dest="person", metavar="NAME")
    supervise = add("supervise", "let a model act again that a return holds in shadow")
    supervise.add_argument("model")
    supervise.add_argument("--as", dest="person", metavar="NAME", help="who says so, or AUTOPILOT_USER")
    supervise.add_argument("--comment", default="", metavar="TEXT")


def _asking(add: Add) -> None:
    for name, about in (("approve", "approve what a run asks"), ("deny", "deny what a run asks")):
        command = add(name, about)
        command.add_argument("run")
        command.add_argument("--as", dest="person", metavar="NAME", help="who answers, or AUTOPILOT_USER")
        command.add_argument("--comment", default="", metavar="TEXT")
        command.add_argument("--fingerprint", metavar="F", help="refuse unless this is what the run asks for")
    reply = add("answer", "reply to a question about broken data or labels")
    reply.add_argument(
        "model", metavar="MODEL|INCIDENT", help="an incident, as status names it, answers for all its models"
    )
    said = reply.add_mutually_exclusive_group(required=True)
    said.add_argument("--genuine", action="store_true", help="nothing is broken: the rows count again")
    said.add_argument("--fixed", action="store_true", help="it was broken and is repaired: the bad rows stay out")
    reply.add_argument("--as", dest="person", metavar="NAME", help="who answers, or AUTOPILOT_USER")
    reply.add_argument("--comment", default="", metavar="TEXT")


def _showing(add: Add) -> None:
    runs = add("runs", "list runs, newest first")
    runs.add_argument("model", nargs="?")
    runs.add_argument("--limit", type=_count, default=30)
    _fleet(add)
    explain = add("explain", "why it did, or did not, act")
    explain.add_argument("target", metavar="MODEL|RUN")
    report = add("report", "champion against challenger")
    report.add_argument("target", metavar="MODEL|RUN")
    report.add_argument("--html", metavar="FILE", help="write one self-contained page")
    _backtest(add("backtest", "another policy on a model's stored past"))
    add("graph", "the graph as Mermaid")


def _fleet(add: Add) -> None:
    status = add("status", "the fleet on one screen: who calls for a person first")
    for name, about in (
        ("state", "only models in a state: " + ", ".join(STATES)),
        ("tag", "only models with a tag"),
        ("owner", "only models of an owner"),
        ("group", "only models of a group"),
        ("verdict", "only models with a verdict; none: nothing is known"),
        ("text", "only models that say these words"),
        ("sort", "urgency (the default), " + ", ".join(COLUMNS)),
    ):
        status.add_argument(f"--{name}", default="", metavar=name.upper(), help=about)
    status.add_argument("--reverse", action="store_true", help="the other way round")
    status.add_argument("--page", type=_count, default=1, metavar="N")
    status.add_argument("--limit", type=_count, metavar="N", help="models on a page; default what the terminal shows")
    status.add_argument("--watch", action="store_true", help="look again every few seconds, until Ctrl-C")
    for name, about in (
        ("pause", "stop models: no check, no training, no promotion until they are unpaused"),
        ("unpause", "lift a pause, and no other"),
    ):
        _pausing(add(name, about))


def _pausing(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", nargs="?")
    command.add_argument("--tag", metavar="T", help="every model with this tag, those that get it later too")
    command.add_argument("--all", action="store_true", help="every model, those that are added later too")
    command.add_argument("--reason", default="", metavar="TEXT", help="why; a pause needs one")
    command.add_argument("--as", dest="person", metavar="NAME", help="who says so, or AUTOPILOT_USER")


def _backtest(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--policy", metavar="FILE", help="policy:, training:, validation: over the model's entry")
    command.add_argument("--from", dest="since", metavar="TIME", help="checks from this time on (RFC 3339, or a date)")
    command.add_argument("--to", dest="until", metavar="TIME", help="checks before this time")
    command.add_argument("--html", metavar="FILE", help="write one self-contained page")
    command.add_argument("--explain", action="store_true", help="show the first decision that differs, with its rules")


def _serving(add: Add) -> None:
    serve = add("serve", "the API, the inbox, the channels, and a worker")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=8400)
    work = add("work", "a worker: checks what is due by its schedule, carries runs on")
    for each in (serve, work):
        _can(each, "what it may do; for the rest it hands over")
        each.add_argument(
            "--jobs", type=_jobs, default=4, metavar="N", help="checks at a time, and as many runs beside them"
        )
        each.add_argument("--log", choices=("text", "json"), help="how the log on stderr is written, or AUTOPILOT_LOG")
    token = add("token", "tokens of the API and the inbox")
    token.add_argument("name", nargs="?", metavar="NAME", help="a person or a machine under people in autopilot.yaml")
    token.add_argument("--role", choices=("viewer", "operator", "approver"), help="make one; it is shown once")
    token.add_argument("--revoke", metavar="ID", help="revoke one by the first characters of its id, or: all")
    token.add_argument("--list", action="store_true", help="list those that were made")


def _keeping(add: Add) -> None:
    doctor = add("doctor", "check every connection, right and schema")
    _can(doctor, "look as a process that may do this")
    db = add("db", "the database: migrate, status, prune, roles, stop")
    db.add_argument("act", choices=("migrate", "status", "prune", "roles", "stop"))
    db.add_argument("--dry-run", action="store_true", help="with prune: say what would be folded and dropped")
    db.add_argument("--sql", action="store_true", help="with roles: print the SQL that makes them, and make nothing")
    db.add_argument("--destroy", action="store_true", help="with stop: remove the embedded database's folders too")
    init = add("init", "write a first autopilot.yaml")
    init.add_argument("--from", dest="log", metavar="LOG", help="read this prediction log and propose its entry")
    init.add_argument("--model", metavar="NAME", help="the model's name")
    init.add_argument("--yes", action="store_true", help="take every proposal without asking")
    init.add_argument("--out", metavar="FILE", default="autopilot.yaml")
    demo = add("demo", "the whole story on the example")
    demo.add_argument("--yes", action="store_true", help="answer as the demo's approver instead of asking")
    add("judge", "the policy over a pipe: a world on stdin and stdout, no database")


def _can(command: argparse.ArgumentParser, about: str) -> None:
    command.add_argument("--can", default="observe,train,promote", metavar="LIST", help=about)


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**16:
        raise argparse.ArgumentTypeError("0 to 65535; 0 takes a free one")
    return value


def _jobs(text: str) -> int:
    value = int(text)
    # Each may hold a lock's connection, and the doors need some of these too.
    if not 1 <= value <= 12:
        raise argparse.ArgumentTypeError("1 to 12; for more, start another worker")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
