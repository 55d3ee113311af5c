"""Turns what LangGraph's callbacks tell about one invocation into plain documents for LangSmith, without secrets."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from uuid import UUID

from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run
from langgraph.errors import GraphBubbleUp

from graph.model import Json
from tools.redaction import MASK, names_secret

_LABELS = ("verdict", "cause", "action", "outcome")
"""What of a run's state becomes a tag and metadata of the trace, so that traces can be searched by it."""


class TraceCollector(BaseTracer):
    """Collects the spans of one invocation and hands them over, redacted and JSON only, when it ends."""

    def __init__(self, project: str, redact: Callable[[str], str], submit: Callable[[list[Json]], None]) -> None:
        super().__init__()
        self._project = project
        self._redact = redact
        self._submit = submit

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> Run:
        """End a span with its error; an interrupt is a pause that was asked for, not an error."""
        if isinstance(error, GraphBubbleUp):
            return self.on_chain_end({"interrupt": error.args[0] if error.args else None}, run_id=run_id, **kwargs)
        return super().on_chain_error(error, run_id=run_id, **kwargs)

    def _persist_run(self, run: Run) -> None:
        documents = [self._document(span) for span in _with_children(run)]
        _label(documents[0], documents)
        self._submit(documents)

    def _document(self, run: Run) -> Json:
        document: Json = self._plain(
            {
                "name": run.name,
                "run_type": run.run_type,
                "inputs": run.inputs or {},
                "outputs": run.outputs or {},
                "error": run.error,
                "tags": run.tags or [],
                "extra": {"metadata": run.metadata},
                "events": run.events or [],
                "session_name": self._project,
            }
        )
        # These are ours or the clock's, and LangSmith wants them exactly.
        return document | {
            "id": str(run.id),
            "trace_id": str(run.trace_id),
            "parent_run_id": str(run.parent_run_id) if run.parent_run_id else None,
            "dotted_order": run.dotted_order,
            "start_time": run.start_time.isoformat(),
            "end_time": run.end_time.isoformat() if run.end_time else None,
        }

    def _plain(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {
                self._redact(str(key)): MASK if names_secret(key) and isinstance(item, str) else self._plain(item)
                for key, item in value.items()
            }
        if is_dataclass(value) and not isinstance(value, type):
            return {part.name: self._plain(getattr(value, part.name)) for part in fields(value)}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(item) for item in value]
        return self._redact(str(value))


def _label(root: Json, documents: list[Json]) -> None:
    """Add to a trace what its nodes read and wrote last of what a run came to."""
    seen: dict[str, str] = {}
    for document in documents:
        for state in (document["inputs"], document["outputs"]):
            seen |= {name: state[name] for name in _LABELS if isinstance(state.get(name), str)}
    root["tags"] += [f"{name}:{seen[name]}" for name in _LABELS if name in seen]
    root["extra"]["metadata"] |= seen


def _with_children(run: Run) -> Iterator[Run]:
    yield run
    for child in run.child_runs:
        yield from _with_children(child)
