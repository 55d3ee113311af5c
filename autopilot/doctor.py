"""Tries every connection, right and schema, one finding each, and says what to do about the bad ones."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

import httpx

from autopilot import spec as written
from autopilot import words
from autopilot.apart import environment, process, registry_login
from autopilot.bootstrap import lookout, site
from autopilot.capabilities import ALL, Capability
from autopilot.clock import SystemClock
from autopilot.findings import finding as _finding
from autopilot.settings import Settings, prepare
from autopilot.stores import Stores, libraries, mlflow_schema, stores
from checkpoints import migrate
from checkpoints.database import Database
from checkpoints.ledger.windows import Windows
from graph.errors import AutopilotError
from graph.model import Json, ModelRef
from tools import catalogue
from tools.approvals.channel import ChannelPart, ChannelSite
from tools.limiter import Limiter
from tools.log_part import LogPart
from tools.plugins import MonitorPart, MonitorSite, Site
from tools.shared_answers import SharedAnswers

_MARK = {"ok": "✓", "warning": "!", "failed": "✗"}
_NAMES = ("autopilot", "tools", "checkpoints", "graph")
_ROOM = 1 << 30
"""Free bytes below which a training run, its candidate and their copies may not fit."""
_PATIENCE_S = 5.0


def examine(settings: Settings, can: frozenset[Capability] = ALL) -> list[Json]:
    """Return all findings of a process that may do this.

    One part that fails does not keep the others from being looked at.
    """
    file: list[written.File] = []
    findings = [
        *_names(),
        *_guarded("configuration", lambda: _file(settings, file)),
        *_guarded("home", lambda: _home(settings)),
        *_guarded("process", lambda: environment(settings, can)),
        *_guarded("database", lambda: _stores(settings, file, can)),
    ]
    return [*findings, *_tracing(settings), *_clock(settings)]


def lines(findings: list[Json]) -> str:
    """Return one line per finding, with the way out below the bad ones."""
    return words.printable(
        "\n".join(
            f"{_MARK[found['state']]} {found['what']}: {words.one_line(found['detail'])}"
            + (f"\n    → {words.one_line(found['hint'])}" if found["hint"] else "")
            for found in findings
        )
    )


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
        hint = "install autopilot alone in an environment of its own"
        yield _finding("packages", "failed", f"not all ours: {where}", hint)
    else:
        yield _finding("packages", "ok", f"all four in {roots['autopilot']}, mlflow {version('mlflow')}")


def _root(name: str) -> str:
    found = find_spec(name)
    return str(Path(found.origin).parents[1]) if found and found.origin else "nowhere"


def _file(settings: Settings, into: list[written.File]) -> Iterator[Json]:
    into.append(written.read(settings.config))
    yield _finding("configuration", "ok", f"{settings.config}: {', '.join(sorted(into[0].models))}")


def _home(settings: Settings) -> Iterator[Json]:
    """Look at the home's rights before any command of ours sets them right."""
    home = settings.home
    if home.exists():
        most = 0o711 if os.geteuid() == 0 else 0o700
        open_ones = [path for path, mode in ((home, most), (home / "logins.json", 0o600)) if _is_open(path, mode)]
        for path in open_ones:
            yield _finding("home", "failed", f"{path} {_is_open(path, 0)}", f"chmod go-rwx {path}")
        if not open_ones:
            yield _finding("home", "ok", f"{home}, closed to others")
    yield _room(next(place for place in (home, *home.parents) if place.exists()))


def _is_open(path: Path, most: int) -> str:
    """Return in words what is wrong with a path's owner or mode, or nothing."""
    if not path.exists():
        return ""
    found = path.stat()
    if found.st_uid != os.geteuid():
        return f"belongs to uid {found.st_uid}"
    mode = stat.S_IMODE(found.st_mode)
    return f"is open to others (mode {mode:04o})" if mode & 0o777 & ~most else ""


def _room(place: Path) -> Json:
    free = shutil.disk_usage(place).free
    said = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < _ROOM:
        return _finding("disk", "warning", said, "make room: a full disk stops training and the database")
    return _finding("disk", "ok", said)


def _stores(settings: Settings, file: list[written.File], can: frozenset[Capability]) -> Iterator[Json]:
    prepare(libraries())
    with stores(settings, can) as found:
        findings = _guarded("database", lambda: _database(settings, found))
        yield from findings
        if any(finding["state"] == "failed" for finding in findings):
            return
        yield from _guarded("process", lambda: process(found, can))
        registry = _guarded("registry", lambda: _registry(found, can))
        yield from registry
        if file and not any(finding["state"] == "failed" for finding in registry):
            yield from _models(settings, file[0], found, can)
        if file:
            yield from _channels(settings, file[0])


def _database(settings: Settings, found: Stores) -> Iterator[Json]:
    where = f"embedded Postgres in {settings.home / 'postgres'}" if found.cluster else "DATABASE_URL"
    migrate.require(found.ledger)
    yield _finding("database", "ok", f"{where}, schema {migrate.applied(found.ledger)}")
    for folder in found.cluster.folders() if found.cluster else []:
        yield _finding("folder outside the home", "ok", f"{folder} (removed by: autopilot db stop --destroy)")


def _registry(found: Stores, can: frozenset[Capability]) -> Iterator[Json]:
    from tools.registry.provision import require_artifacts

    mlflow_schema(found, upgrade=False)
    if found.owner and found.artifacts:
        require_artifacts(found.owner, found.artifacts)
    if not can & {"train", "promote"}:
        yield from registry_login(found)
    if "train" in can:
        yield from _training_login(found, "promote" in can)


def _training_login(found: Stores, promotes: bool) -> Iterator[Json]:
    from tools.registry import rights

    if promotes and found.trainer == found.registry:
        detail = "training scripts get the login that promotes: they could move an alias"
        yield _finding("training login", "warning", detail, "set AUTOPILOT_TRAINER_TRACKING_URI to a restricted one")
    elif not rights.tries(found.trainer):
        yield _finding(
            "training login", "ok", "another than the one that promotes; its rights are your server's to set"
        )
    else:
        trespasses = rights.trespasses(found.trainer, found.ledger)
        if trespasses:
            detail = f"it can {', '.join(trespasses)}"
            yield _finding("training login", "failed", detail, "autopilot db migrate sets its rights")
        else:
            yield _finding("training login", "ok", "tried: it can move no alias, and does not get into our database")


def _models(settings: Settings, file: written.File, found: Stores, can: frozenset[Capability]) -> Iterator[Json]:
    from tools.registry.mlflow import MlflowRegistry

    store = Windows(Database(found.ledger))
    registry, limiter, shared = MlflowRegistry(found.registry, found.artifacts), Limiter(), SharedAnswers()
    for name, entry in sorted(file.models.items()):
        yield from _guarded(f"registry of {name}", partial(_champion, name, entry, registry.alias))
        at = site(settings, name, found, limiter)
        if "train" in can:
            yield from _foreign(f"pipeline of {name}", partial(_pipeline, name, entry, at, SystemClock().now()))
        place = lookout(settings, name, entry, store, shared)
        for part in entry.monitors if "observe" in can else ():
            yield from _foreign(_named(part, name), partial(_monitor, name, part, place, settings.clock.now()))


def _channels(settings: Settings, file: written.File) -> Iterator[Json]:
    at = ChannelSite(Limiter(), settings.logins)
    for kind, part in sorted(file.channels.items()):
        yield from _foreign(f"channel {kind}", partial(_channel, kind, part, at, SystemClock().now()))


def _channel(kind: str, part: ChannelPart, at: ChannelSite, now: datetime) -> Iterator[Json]:
    for found in catalogue.channel(kind).examine(part, at, now):
        yield _finding(f"channel {kind}", found.state, found.detail, found.hint)


def _champion(name: str, entry: written.Model, alias: Callable[[str, str], ModelRef | None]) -> Iterator[Json]:
    champion = alias(entry.registry.model, "champion")
    serving = f"champion is version {champion.version}" if champion else "no champion yet"
    yield _finding(f"registry of {name}", "ok", serving)


def _pipeline(name: str, entry: written.Model, at: Site, now: datetime) -> Iterator[Json]:
    part = entry.pipeline
    for found in catalogue.pipeline(part.kind).examine(part, at, now):
        yield _finding(f"pipeline of {name}", found.state, found.detail, found.hint)


def _monitor(name: str, part: MonitorPart, at: MonitorSite, now: datetime) -> Iterator[Json]:
    for found in catalogue.monitor(part.kind).examine(part, at, now):
        yield _finding(_named(part, name), found.state, found.detail, found.hint)


def _foreign(what: str, look: Callable[[], Iterator[Json]]) -> list[Json]:
    """Do as `_guarded`: what a stranger's adapter trips over is a finding, too."""
    try:
        return _guarded(what, look)
    except Exception as error:  # noqa: BLE001 - an adapter may be of another distribution
        said = f"its adapter breaks off: {type(error).__name__}: {error}"
        return [_finding(what, "failed", said, "tell whoever made the adapter")]


def _named(part: MonitorPart, model: str) -> str:
    return f"{'log' if isinstance(part, LogPart) else part.kind} of {model}"


def _tracing(settings: Settings) -> Iterator[Json]:
    if not settings.langsmith_api_key or not settings.langsmith_tracing:
        yield _finding("tracing", "ok", "off: no LANGSMITH_API_KEY, or LANGSMITH_TRACING=false")
        return
    address = (settings.langsmith_endpoint or "https://api.smith.langchain.com").rstrip("/")
    login = {"x-api-key": settings.langsmith_api_key}
    try:
        answer = httpx.get(f"{address}/sessions", params={"limit": 1}, headers=login, timeout=_PATIENCE_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        detail = f"{address} does not answer ({type(error).__name__}); runs go on, their traces are lost"
        yield _finding("tracing", "warning", detail, "check LANGSMITH_ENDPOINT")
        return
    if answer.is_success:
        yield _finding("tracing", "ok", f"LangSmith project {settings.langsmith_project} at {address}")
    else:
        detail = f"{address} answers {answer.status_code}; runs go on, their traces are lost"
        yield _finding("tracing", "warning", detail, "check LANGSMITH_API_KEY and LANGSMITH_ENDPOINT")


def _clock(settings: Settings) -> Iterator[Json]:
    if settings.now:
        yield _finding(
            "clock",
            "warning",
            f"stands still at {settings.now:%Y-%m-%dT%H:%M:%SZ}",
            "leave out --now, or unset AUTOPILOT_NOW",
        )
