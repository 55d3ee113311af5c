"""doctor, db, init, demo: commands that set up and look after the installation itself."""

from argparse import Namespace

from autopilot import output, roles
from autopilot import settings as configured
from autopilot.capabilities import parse
from autopilot.stores import describe, embedded, migrate_all
from graph.errors import Misconfigured


def _settings(arguments: Namespace) -> configured.Settings:
    return configured.load(config=arguments.config, now=arguments.now)


def db(arguments: Namespace) -> int:
    """Migrate, describe, prune or stop the database, or make its roles."""
    if arguments.destroy and arguments.act != "stop":
        raise Misconfigured("--destroy goes with `db stop`")
    if arguments.dry_run and arguments.act != "prune":
        raise Misconfigured("--dry-run goes with `db prune`")
    if arguments.sql and arguments.act != "roles":
        raise Misconfigured("--sql goes with `db roles`")
    if arguments.act == "prune":
        return _prune(arguments)
    act = {"migrate": _migrate, "status": _status, "roles": _roles, "stop": _stop}[arguments.act]
    return _tell(arguments, *act(arguments))


def _tell(arguments: Namespace, found: object, text: str) -> int:
    if arguments.json:
        output.document(found)
    else:
        output.say(text)
    return 0


def _migrate(arguments: Namespace) -> tuple[object, str]:
    done = migrate_all(_settings(arguments))
    return {"applied": done}, "applied: " + ", ".join(done) if done else "up to date"


def _status(arguments: Namespace) -> tuple[object, str]:
    found = describe(_settings(arguments))
    return found, "\n".join(f"{key}: {value}" for key, value in found.items())


def _prune(arguments: Namespace) -> int:
    from autopilot.upkeep.pruning import prune, text

    done = prune(_settings(arguments), dry=arguments.dry_run)
    _tell(arguments, {"dry_run": arguments.dry_run, **done.document}, text(done, dry=arguments.dry_run))
    return 1 if done.failed else 0


def _roles(arguments: Namespace) -> tuple[object, str]:
    if arguments.sql:
        return {"sql": roles.text()}, roles.text()
    made = roles.make(_settings(arguments))
    found = [{"for": each.duty, "role": each.role, "mlflow": each.mlflow, "file": str(each.file)} for each in made]
    lines = (f"{each.role}{f' and {each.mlflow}' if each.mlflow else ''}: {each.file}" for each in made)
    return {"roles": found}, "\n".join(lines)


def _stop(arguments: Namespace) -> tuple[object, str]:
    settings = _settings(arguments)
    if not (settings.home / "postgres").exists():
        return {"stopped": False}, "no embedded database here"
    cluster = embedded(settings)
    stopped = cluster.stop()
    if arguments.destroy:
        cluster.destroy()
    text = "stopped" if stopped else "was not running"
    return {"stopped": stopped, "destroyed": arguments.destroy}, text + (", removed" if arguments.destroy else "")


def doctor(arguments: Namespace) -> int:
    """Check every connection, right and schema."""
    can = parse(arguments.can)
    from autopilot.doctor import examine, lines

    findings = examine(_settings(arguments), can)
    if arguments.json:
        output.document({"findings": findings})
    else:
        output.say(lines(findings))
    return 0 if all(finding["state"] != "failed" for finding in findings) else 1


def init(arguments: Namespace) -> int:
    """Write a first configuration."""
    from autopilot.init import write

    said = write(arguments.log, arguments.model, arguments.out, ask=not arguments.yes)
    if arguments.json:
        output.document(said)
    else:
        output.say(str(said["text"]))
    return 0


def demo(arguments: Namespace) -> int:
    """Play the whole story on the example."""
    from autopilot.demo import play

    return play(_settings(arguments), answer=arguments.yes, as_json=arguments.json)
