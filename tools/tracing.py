"""LangSmith traces of runs: what is sent holds no secret, and nobody waits for an endpoint that does not answer.

LangSmith's own background threads are not used: at exit they wait, for minutes, for an endpoint that is silent.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Full, Queue
from typing import TYPE_CHECKING
from uuid import UUID

from graph.errors import Misconfigured
from graph.model import Json
from tools.redaction import Redactor

if TYPE_CHECKING:
    from langsmith import Client

_DEFAULT_ENDPOINT = "https://api.smith.langchain.com"
_FLUSH_S = 4.0
_MOST_WAITING = 100
"""Traces that wait to be sent; more of them are dropped, so that a long-lived worker does not grow."""

_log = logging.getLogger(__name__)


class Tracing:
    """Sends one trace per invocation, from a daemon thread. Inactive without a key or when switched off."""

    def __init__(
        self, api_key: str | None, endpoint: str | None, project: str, enabled: bool, secrets: Iterable[str] = ()
    ) -> None:
        self.active = enabled and bool(api_key)
        self._api_key = api_key or ""
        self._endpoint = endpoint or _DEFAULT_ENDPOINT
        self._project = project
        self._redact = Redactor.of([*secrets, self._api_key])
        self._client: Client | None = None
        self._sender: threading.Thread | None = None
        self._waiting: Queue[list[Json] | None] = Queue(_MOST_WAITING)
        self._lock = threading.Lock()
        self._unsent = 0
        self._refused = False
        self._problem = "it did not answer in time"

    @contextmanager
    def run(
        self, run_id: UUID, thread_id: str, name: str, tags: Sequence[str], metadata: Mapping[str, str]
    ) -> Iterator[Json]:
        """Give what to merge into the config of one LangGraph invocation: its trace gets the id `run_id`.

        Traces of one `thread_id` are shown as one thread. Empty when inactive. Misconfigured when LangSmith's own
        variables contradict each other.
        """
        from langsmith import tracing_context

        # With LANGSMITH_TRACING in the environment LangGraph would trace by itself: past the redaction, or unwanted.
        with tracing_context(enabled=False):
            yield self._config(run_id, thread_id, name, tags, metadata) if self.active else {}

    def close(self) -> None:
        """Send what still waits, for at most four seconds; a warning on the log says what got lost."""
        if self._sender is not None:
            with suppress(Full):
                self._waiting.put_nowait(None)
            self._sender.join(_FLUSH_S)
            self._sender = None
        if self._unsent:
            _log.warning("LangSmith at %s did not take %d trace(s): %s", self._endpoint, self._unsent, self._problem)

    def _config(
        self, run_id: UUID, thread_id: str, name: str, tags: Sequence[str], metadata: Mapping[str, str]
    ) -> Json:
        from tools.trace_collector import TraceCollector

        if self._client is None:
            self._client = self._connect()
        return {
            "run_id": run_id,
            "run_name": name,
            "tags": list(tags),
            "metadata": {**metadata, "thread_id": thread_id},
            "callbacks": [TraceCollector(self._project, self._redact, partial(self._submit, self._client))],
        }

    def _connect(self) -> "Client":
        """Return a client that sends in the calling thread, to our endpoint only. Sends nothing by itself."""
        from langsmith import Client
        from langsmith.utils import LangSmithUserError

        # Its warnings are pages long; ours is one line.
        logging.getLogger("langsmith").setLevel(logging.ERROR)
        try:
            return Client(
                api_urls={self._endpoint: self._api_key},
                auto_batch_tracing=False,
                tracing_mode="langsmith",
                # It would copy every LANGSMITH_ and LANGCHAIN_ variable into the trace.
                omit_traced_runtime_info=True,
                disable_prompt_cache=True,
                tracing_error_callback=self._note,
            )
        except LangSmithUserError as error:
            raise Misconfigured(
                f"LangSmith tracing cannot start: {self._redact(str(error))}",
                "correct the LANGSMITH_ variables, or set LANGSMITH_TRACING=false",
            ) from error

    def _submit(self, client: "Client", spans: list[Json]) -> None:
        with self._lock:
            self._unsent += 1
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, args=(client,), name="langsmith", daemon=True)
                self._sender.start()
        with suppress(Full):
            self._waiting.put_nowait(spans)

    def _send_all(self, client: "Client") -> None:
        from langsmith.utils import LangSmithError

        while (spans := self._waiting.get()) is not None:
            self._refused = False
            try:
                client.multipart_ingest(create=spans)
            except LangSmithError as error:
                self._note(error)
            with self._lock:
                self._unsent -= not self._refused

    def _note(self, error: Exception) -> None:
        self._refused = True
        self._problem = self._redact(str(error)).partition("\n")[0][:200]
