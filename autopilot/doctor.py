"""Examines every connection, right and schema, one finding each, and says what to do about the bad ones."""

import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from autopilot import spec as written
from autopilot.settings import Settings
from graph.errors import AutopilotError
from graph.model import Json

State = Literal["ok", "warning", "failed"]
_MARK = {"ok": "✓", "warning": "!", "failed": "✗"}
_NAMES = ("autopilot", "tools", "checkpoints", "graph")


def examine(settings: Settings) -> list[Json]:
    """Return all findings. One part that fails does not keep the others from being looked at."""
    findings = [*_names(), *_file(settings), *_guarded("database", lambda: _database(settings))]
    if all(finding["state"] != "failed" for finding in findings):
        findings += _guarded("registry", lambda: _models(settings))
    return [*findings, *_tracing(settings), *_clock(settings)]


def lines(findings: list[Json]) -> str:
    """Return one line per finding, with the way out below the bad ones."""
    return "\n".join(
        f"{_MARK[found['state']]} {found['what']}: {found['detail']}"
        + (f"\n    → {found['hint']}" if found["hint"] else "")
        for found in findings
    )


def _finding(what: str, state: State, detail: str, hint: str = "") -> Json:
    return {"what": what, "state": state, "detail": detail, "hint": hint}


def _guarded(what: str, look: Callable[[], Iterator[Json]]) -> list[Json]:
    found: list[Json] = []
    try:
        found.extend(look())
    except AutopilotError as error:
        found.append(_finding(what, "failed", error.message, error.hint))
    return found


def _names() -> Iterator[Json]:
    """Our import names are common words: another distribution that owns one of them would shadow half of us."""
    owners = packages_distributions()
    roots = {name: _root(name) for name in _NAMES}
    foreign = [name for name in _NAMES if set(owners.get(name, ["autopilot"])) != {"autopilot"}]
    if foreign or len(set(roots.values())) > 1:
        where = ", ".join(f"{name} in {root}" for name, root in roots.items())
        yield _finding(
            "packages", "failed", f"not all ours: {where}", "install autopilot alone in an environment of its own"
        )
    else:
        yield _finding("packages", "ok", f"all four in {roots['autopilot']}")


def _root(name: str) -> str:
    found = find_spec(name)
    return str(Path(found.origin).parents[1]) if found and found.origin else "nowhere"


def _file(settings: Settings) -> Iterator[Json]:
    try:
        file = written.read(settings.config)
    except AutopilotError as error:
        yield _finding("configuration", "failed", error.message, error.hint)
        return
    yield _finding("configuration", "ok", f"{settings.config}: {', '.join(sorted(file.models))}")


def _database(settings: Settings) -> Iterator[Json]:
    from autopilot.stores import stores
    from checkpoints import migrate

    with stores(settings) as found:
        where = f"embedded Postgres in {settings.home / 'postgres'}" if found.cluster else "DATABASE_URL"
        migrate.require(found.ledger)
        yield _finding("database", "ok", f"{where}, schema {migrate.applied(found.ledger)}")
        for folder in found.cluster.folders() if found.cluster else []:
            yield _finding("folder outside the home", "ok", f"{folder} (removed by: make clean)")
        if found.trainer == found.promoter:
            yield _finding(
                "training login",
                "warning",
                "training scripts get the login that promotes",
                "give them a restricted one: AUTOPILOT_TRAINER_TRACKING_URI",
            )
        else:
            yield _finding("training login", "ok", "separate from the one that promotes")


def _models(settings: Settings) -> Iterator[Json]:
    from autopilot.bootstrap import office

    with office(settings) as at_work:
        for name, entry in sorted(at_work.file.models.items()):
            deps = at_work.parts(name)
            champion = deps.registry.alias(deps.spec.registry, "champion")
            serving = f"champion {champion.version}" if champion else "no champion yet"
            yield _finding(f"registry of {name}", "ok", serving)
            yield from _command(name, entry, settings)
            yield from _log(name, at_work.parts(name).monitor.measure, settings, champion.version if champion else None)


def _command(name: str, entry: written.Model, settings: Settings) -> Iterator[Json]:
    from autopilot.bootstrap import program_path

    program = entry.pipeline.command[0]
    if shutil.which(program, path=program_path(settings)):
        yield _finding(f"pipeline of {name}", "ok", f"{program} found")
    else:
        yield _finding(f"pipeline of {name}", "failed", f"{program} is not a program here", "models.pipeline.command")


def _log(name: str, measure: Callable[..., object], settings: Settings, champion: str | None) -> Iterator[Json]:
    from graph.model import Evidence

    evidence = measure(champion, settings.clock.now())
    if not isinstance(evidence, Evidence):
        return
    if evidence.rows:
        yield _finding(f"log of {name}", "ok", f"{evidence.rows} rows until {evidence.end:%Y-%m-%d %H:%M}Z")
    else:
        yield _finding(f"log of {name}", "warning", "no rows in the newest window", "is the log still written?")


def _tracing(settings: Settings) -> Iterator[Json]:
    on = bool(settings.langsmith_api_key) and settings.langsmith_tracing
    yield _finding(
        "tracing", "ok", f"LangSmith project {settings.langsmith_project}" if on else "off: no LANGSMITH_API_KEY"
    )


def _clock(settings: Settings) -> Iterator[Json]:
    if settings.now:
        yield _finding("clock", "warning", f"stands still at {settings.now:%Y-%m-%dT%H:%M:%SZ}", "unset AUTOPILOT_NOW")
