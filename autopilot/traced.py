"""Joins LangSmith tracing to runs: the first trace's id is the run's, each later one belongs to the same thread."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from uuid import UUID, uuid4

from autopilot.settings import Settings
from checkpoints.ledger.book import PostgresLedger
from graph.model import Json
from graph.thread import thread_id
from tools.tracing import Tracing

Traced = Callable[[str, str, str], AbstractContextManager[Json]]
"""(model, run, act) → what to merge into the config of one invocation, so that it is traced."""


def traced(settings: Settings, book: PostgresLedger, stack: ExitStack) -> Traced:
    """Return what wraps one invocation of the graph; `stack` flushes the traces, for a bounded time, at the end."""
    tracing = Tracing(
        api_key=settings.langsmith_api_key,
        endpoint=settings.langsmith_endpoint,
        project=settings.langsmith_project,
        enabled=settings.langsmith_tracing,
        secrets=settings.secrets,
    )
    stack.callback(_close, tracing, book)

    @contextmanager
    def one(model: str, run: str, act: str) -> Iterator[Json]:
        first = tracing.active and not book.runs.traces(run)
        trace = UUID(run) if first else uuid4()
        with tracing.run(
            trace, thread_id(model, run), f"{model} {act}", [model, act], {"model": model, "run": run}
        ) as extra:
            if tracing.active:
                book.runs.note_trace(run, str(trace), tracing.place, settings.clock.now())
            yield extra
        if tracing.active:
            _comment(tracing, book, run)
            _keep_place(tracing, book)

    return one


def _comment(tracing: Tracing, book: PostgresLedger, run: str) -> None:
    """Tell what people answered, at the run's first trace. Told again after a crash it replaces itself."""
    approval = book.approval(run)
    for answer in approval.answers if approval else ():
        score = int(answer.decision == "approve")
        first = UUID(book.runs.traces(run)[0])
        tracing.feedback(first, "approval", score, answer.comment, answer.person, answer.channel)


def _keep_place(tracing: Tracing, book: PostgresLedger) -> None:
    """Keep where the project is shown, for whoever shows a run without asking LangSmith."""
    if tracing.shown_at:
        book.runs.note_trace_place(tracing.place, tracing.shown_at)


def _close(tracing: Tracing, book: PostgresLedger) -> None:
    tracing.close()
    _keep_place(tracing, book)
