"""The composition root: settings → adapters → engine. The one place that joins tools/ and checkpoints/ to graph/."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autopilot import spec as written
from autopilot.capabilities import ALL, Capability, require_apart
from autopilot.effective import spec_of
from autopilot.settings import Settings, prepare
from autopilot.stores import Stores, libraries, mlflow_schema, stores
from checkpoints import migrate
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.effects import Boundary, passing
from graph.errors import Misconfigured
from graph.ports import Deps, Monitor, Pipeline, WindowStore
from tools import catalogue
from tools.approvals.channel import Channel, ChannelSite
from tools.limiter import Limiter
from tools.log_part import Score
from tools.plugins import MonitorSite, Site
from tools.shared_answers import SharedAnswers

if TYPE_CHECKING:
    from autopilot.engine import Engine
    from tools.llm import ChatReasoner


@dataclass(frozen=True, slots=True)
class Office:
    """What a command that acts works with."""

    engine: "Engine"
    book: PostgresLedger
    file: written.File
    parts: Callable[[str], Deps]
    channels: Mapping[str, Callable[[], Channel]]
    """What makes each configured place where people are asked, by kind."""
    under: Callable[[written.File], "Office"]
    """Returns the same office at work under another file."""
    dsn: str = field(default="", repr=False)
    """Where the ledger and the queue are."""
    home: Path | None = None
    """Where runs and jobs have their folders; None where none are kept."""


@contextmanager
def ledger(settings: Settings, boundary: Boundary = passing) -> Iterator[PostgresLedger]:
    """Yield the ledger alone: enough for every command that only shows."""
    with stores(settings, ledger_alone=True) as found, _book(settings, found, boundary) as book:
        yield book


@contextmanager
def office(settings: Settings, boundary: Boundary = passing, can: frozenset[Capability] = ALL) -> Iterator[Office]:
    """Yield the engine over real adapters, which stops before what it cannot do.

    Loads LangGraph and MLflow; the file is checked before anything starts. Of the logins only those of what it can do
    are asked for.
    """
    require_apart(can, settings.llm_api_key is not None)
    file = written.read(settings.config)
    prepare(libraries())
    from autopilot.engine import Engine
    from autopilot.traced import traced
    from checkpoints.saver import saver

    with ExitStack() as stack:
        found = stack.enter_context(stores(settings, can))
        book = stack.enter_context(_book(settings, found, boundary))
        mlflow_schema(found, upgrade=False)
        trace = traced(settings, book, stack)
        threads = cache(lambda: stack.enter_context(saver(found.ledger)))

        def under(other: written.File) -> Office:
            parts = workshop(settings, other, found, book, can)
            engine = Engine(book, parts, settings.clock, threads, trace, settings.home / "work", can)
            return Office(engine, book, other, parts, channels(settings, other), under, found.ledger, settings.home)

        yield under(file)


def channels(settings: Settings, file: written.File) -> dict[str, Callable[[], Channel]]:
    """Return what makes each configured channel. A login that is missing is Misconfigured when it is made."""
    at = ChannelSite(Limiter(), settings.logins)
    return {kind: cache(partial(catalogue.channel(kind).make, part, at)) for kind, part in file.channels.items()}


@contextmanager
def _book(settings: Settings, found: Stores, boundary: Boundary) -> Iterator[PostgresLedger]:
    migrate.require(found.ledger)
    database = Database(found.ledger)
    try:
        yield PostgresLedger(database, settings.clock, boundary)
    finally:
        database.close()


def workshop(
    settings: Settings, file: written.File, found: Stores, book: PostgresLedger, can: frozenset[Capability] = ALL
) -> Callable[[str], Deps]:
    """Return what gives the nodes a model's parts; each model's are built once, when it is first asked for."""

    reasoner = _reasoner(settings) if "observe" in can else None
    limiter, shared = Limiter(), SharedAnswers()

    @cache
    def parts(name: str) -> Deps:
        from tools.evaluation.child_process import ChildEvaluator
        from tools.monitors.when_used import MonitorWhenUsed
        from tools.registry.mlflow import MlflowRegistry

        entry = file.model(name)
        score = entry.log.score if entry.log else Score()
        work = settings.home / "work"
        return Deps(
            spec=spec_of(file, name, entry, settings.config.absolute().parent),
            clock=settings.clock,
            monitor=MonitorWhenUsed(partial(monitor, settings, name, entry, book.windows, shared)),
            pipeline=pipeline(settings, name, entry, found, limiter),
            registry=MlflowRegistry(found.registry, found.artifacts),
            evaluator=ChildEvaluator(
                _scrubbed(settings),
                sys.executable,
                work,
                positive=score.positive,
                threshold=score.threshold,
            ),
            ledger=book,
            workspace=work,
            reasoner=reasoner if entry.advice else None,
            caps=settings.llm_caps,
        )

    return parts


def monitor(settings: Settings, name: str, entry: written.Model, store: WindowStore, shared: SharedAnswers) -> Monitor:
    """Return what watches a model. Misconfigured when a login is missing."""
    from tools.monitors.combined import CombinedMonitor, Part

    at = lookout(settings, name, entry, store, shared)
    made = [catalogue.monitor(part.kind).make(part, at) for part in entry.monitors]
    if len(made) == 1:
        return made[0]
    names = _told_apart([part.kind for part in entry.monitors])
    logs = [part is entry.log for part in entry.monitors]
    return CombinedMonitor(name, [Part(*each) for each in zip(names, made, logs, strict=True)])


def _told_apart(kinds: list[str]) -> list[str]:
    """Return the kinds, numbered where one comes again."""
    return [f"{kind}_{kinds[:at].count(kind) + 1}" if kind in kinds[:at] else kind for at, kind in enumerate(kinds)]


def lookout(
    settings: Settings, name: str, entry: written.Model, store: WindowStore, shared: SharedAnswers
) -> MonitorSite:
    """Return the place that a monitor of this model works in."""
    return MonitorSite(
        model=name,
        folder=settings.config.absolute().parent,
        metric=entry.policy.metric,
        task=entry.task,
        store=store,
        shared=shared,
        logins=settings.logins,
    )


def pipeline(settings: Settings, name: str, entry: written.Model, found: Stores, limiter: Limiter) -> Pipeline:
    """Return what trains a model. A login that is missing is Misconfigured at the first question, and not before."""
    from tools.pipelines.when_used import WhenUsed

    part = entry.pipeline
    at = site(settings, name, found, limiter)
    return WhenUsed(part.kind, partial(catalogue.pipeline(part.kind).make, part, at))


def site(settings: Settings, name: str, found: Stores, limiter: Limiter) -> Site:
    """Return the place that an adapter of this model works in."""
    return Site(
        model=name,
        folder=settings.config.absolute().parent,
        jobs=settings.home / "jobs",
        python=sys.executable,
        limiter=limiter,
        environment=_training(settings, found),
        logins=settings.logins,
        hold=found.cluster.hold if found.cluster else None,
    )


def _training(settings: Settings, found: Stores) -> dict[str, str]:
    from tools.registry.connection import ENVIRONMENT

    return {
        **_scrubbed(settings),
        "HOME": settings.user_home,
        "MLFLOW_TRACKING_URI": found.trainer,
        "MLFLOW_EXPERIMENT_NAME": "autopilot-training",
        **ENVIRONMENT,
        # An experiment that the script makes itself keeps its files where the others are, not below its own folder.
        **({"_MLFLOW_SERVER_ARTIFACT_ROOT": str(found.artifacts / "training")} if found.artifacts else {}),
    }


def _reasoner(settings: Settings) -> "ChatReasoner | None":
    """Return the language model to ask; None without a key, and then not one request is made."""
    if settings.llm_api_key is None:
        return None
    if settings.llm_model is None:
        raise Misconfigured(
            "AUTOPILOT_LLM_API_KEY is set and AUTOPILOT_LLM_MODEL is not",
            "name the language model that its endpoint serves, or unset the key",
        )
    if not _is_address(settings.llm_base_url):
        raise Misconfigured("AUTOPILOT_LLM_BASE_URL is no address", "write it like https://llm.example/v1")
    from tools.llm import ChatReasoner

    return ChatReasoner(settings.llm_api_key, settings.llm_base_url, settings.llm_model, settings.llm_timeout_s)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and bool(found.hostname)


def program_path(settings: Settings) -> str:
    """Return where child processes look for programs: beside our own interpreter first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{settings.path}"


def _scrubbed(settings: Settings) -> dict[str, str]:
    """Return what any child process gets: where programs are, and nothing that opens a door."""
    return {"PATH": program_path(settings), "LANG": settings.lang, "TZ": "UTC", "OMP_NUM_THREADS": "1"}
