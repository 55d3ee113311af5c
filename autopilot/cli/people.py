"""serve, token, supervise: the doors for people and programs, and what a person lifts."""

from argparse import Namespace

from autopilot import output, spec
from autopilot import settings as configured
from autopilot.bootstrap import ledger
from autopilot.capabilities import parse
from autopilot.shadowing import supervise as lift
from autopilot.view import time
from checkpoints.ledger.book import PostgresLedger
from graph.errors import Misconfigured
from graph.model import Json


def serve(arguments: Namespace) -> int:
    """Serve the API and the inbox, and work."""
    can = parse(arguments.can)
    from autopilot.serve.process import serve as run

    settings = configured.load(config=arguments.config, now=arguments.now, log=arguments.log)
    return run(settings, arguments.host, arguments.port, can, arguments.jobs)


def supervise(arguments: Namespace) -> int:
    """Let a model act again that a return holds in shadow."""
    settings = configured.load(config=arguments.config, now=arguments.now, user=arguments.person)
    if settings.user is None:
        raise Misconfigured("who lets a model act again needs a name", "add --as NAME, or set AUTOPILOT_USER")
    spec.read(settings.config).model(arguments.model)
    with ledger(settings) as book:
        now = settings.clock.now()
        returns = lift(book, arguments.model, settings.user, settings.os_user, arguments.comment, now)
    if arguments.json:
        output.document({"model": arguments.model, "returns": list(returns)})
    else:
        output.say(f"{arguments.model} acts again as its entry says, from the next check on")
    return 0


def token(arguments: Namespace) -> int:
    """Make, list or revoke tokens."""
    settings = configured.load(config=arguments.config, now=arguments.now)
    wanted = [arguments.role is not None, arguments.revoke is not None, arguments.list]
    if sum(wanted) != 1:
        raise Misconfigured("token takes one of --role, --revoke, --list", "autopilot token NAME --role viewer")
    with ledger(settings) as book:
        if arguments.list:
            return _list(arguments, book)
        if arguments.name is None:
            raise Misconfigured("token takes a NAME", "autopilot token NAME --role viewer")
        return _revoke(arguments, book, settings) if arguments.revoke else _make(arguments, book, settings)


def _make(arguments: Namespace, book: PostgresLedger, settings: configured.Settings) -> int:
    people = spec.read(settings.config).people
    if arguments.name not in people:
        raise Misconfigured(
            f"nobody called {arguments.name} is under people in {settings.config}", f"it has: {', '.join(people)}"
        )
    made = book.tokens.make(arguments.name, arguments.role, settings.os_user, settings.clock.now())
    found: Json = {"person": arguments.name, "role": arguments.role, "token": made}
    if arguments.json:
        output.document(found)
    else:
        output.say(f"{made}\n")
        output.say(
            f"a {arguments.role}'s token for {arguments.name}; it is shown this once and kept nowhere", as_json=True
        )
    return 0


def _revoke(arguments: Namespace, book: PostgresLedger, settings: configured.Settings) -> int:
    which = None if arguments.revoke == "all" else arguments.revoke
    ended = book.tokens.revoke(arguments.name, which, settings.os_user, settings.clock.now())
    if arguments.json:
        output.document({"person": arguments.name, "revoked": ended})
    else:
        output.say(f"revoked {ended} of {arguments.name}")
    return 0


def _list(arguments: Namespace, book: PostgresLedger) -> int:
    found = [
        {
            **row,
            "id": str(row["id"]),
            "made_at": time(row["made_at"]),
            "revoked_at": time(row["revoked_at"]) if row["revoked_at"] else None,
        }
        for row in book.tokens.listed(arguments.name)
    ]
    if arguments.json:
        output.document({"tokens": found})
        return 0
    lines = [
        f"{each['id'][:8]}  {each['person']:20} {each['role']:9} made {each['made_at']} by {each['made_by']}"
        + (f", revoked {each['revoked_at']} by {each['revoked_by']}" if each["revoked_at"] else "")
        for each in found
    ]
    output.say("\n".join(lines) or "no tokens")
    return 0
