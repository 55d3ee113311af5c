"""LangSmith traces of runs, and what people said about them: what is sent holds no secret, and nobody waits for an
endpoint that does not answer.

LangSmith's own background threads are not used: at exit they wait, for minutes, for an endpoint that is silent.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Full, Queue
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from graph.errors import Misconfigured
from graph.model import Json
from tools.redaction import Redactor

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.schemas import TracerSessionResult

_DEFAULT_ENDPOINT = "https://api.smith.langchain.com"
_FLUSH_S = 4.0
_MOST_WAITING = 100
"""Traces and comments that wait to be sent; more are dropped, so that a long-lived worker does not grow."""
_MOST_LOOKS = 3
"""How often a process asks where its project is shown."""

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
        self._waiting: Queue[Callable[[], object] | None] = Queue(_MOST_WAITING)
        self._lock = threading.Lock()
        self._unsent = 0
        self._refused = False
        self._problem = "it did not answer in time"
        self._found: TracerSessionResult | None = None
        self._looks = 0
        self.place = f"{self._endpoint} {project}"
        """What traces are sent to, in words that stay the same as long as the settings do."""
        self.shown_at: str | None = None
        """The address of the project for people, once LangSmith has told it."""

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

    def feedback(self, trace: UUID, key: str, score: int, comment: str, by: str, through: str) -> None:
        """Say what a person thinks of a trace. The same key and person again replace what they said before."""
        if not self.active:
            return
        client = self._client = self._client or self._connect()
        said = {
            "trace_id": trace,
            "key": key,
            "score": score,
            "comment": self._redact(comment) or None,
            "source_info": {"person": self._redact(by), "channel": through},
            "feedback_id": uuid5(NAMESPACE_URL, f"autopilot:feedback:{trace}:{key}:{by}"),
        }
        self._queue(client, partial(self._say, client, said))

    def close(self) -> None:
        """Send what still waits, for at most four seconds; a warning on the log says what got lost."""
        if self._sender is not None:
            with suppress(Full):
                self._waiting.put_nowait(None)
            self._sender.join(_FLUSH_S)
            self._sender = None
        if self._unsent:
            _log.warning(
                "LangSmith at %s did not take %d trace(s) or comment(s): %s",
                self._endpoint,
                self._unsent,
                self._problem,
            )

    def _config(
        self, run_id: UUID, thread_id: str, name: str, tags: Sequence[str], metadata: Mapping[str, str]
    ) -> Json:
        from tools.trace_collector import TraceCollector

        if self._client is None:
            self._client = self._connect()
        client = self._client
        return {
            "run_id": run_id,
            "run_name": name,
            "tags": list(tags),
            "metadata": {**metadata, "thread_id": thread_id},
            "callbacks": [TraceCollector(self._project, self._redact, partial(self._submit, client))],
        }

    def _connect(self) -> "Client":
        """Return a client that sends in the calling thread, to our endpoint only. Sends nothing by itself."""
        from langsmith import Client
        from langsmith.utils import LangSmithUserError

        # Its warnings and errors are pages long; ours is one line.
        logging.getLogger("langsmith").setLevel(logging.CRITICAL)
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
        self._queue(client, partial(client.multipart_ingest, create=spans))

    def _queue(self, client: "Client", send: Callable[[], object]) -> None:
        with self._lock:
            self._unsent += 1
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, args=(client,), name="langsmith", daemon=True)
                self._sender.start()
        with suppress(Full):
            self._waiting.put_nowait(send)

    def _send_all(self, client: "Client") -> None:
        while (send := self._waiting.get()) is not None:
            self._refused = False
            self._try(send)
            with self._lock:
                self._unsent -= not self._refused
            if self.shown_at is None and not self._refused and self._looks < _MOST_LOOKS:
                self._try(partial(self._look, client))

    def _try(self, send: Callable[[], object]) -> None:
        from langsmith.utils import LangSmithError

        try:
            send()
        # Its client reads an answer that is not LangSmith's with whatever comes of that.
        except (LangSmithError, LookupError, TypeError, ValueError) as error:
            self._note(error)

    def _say(self, client: "Client", said: Json) -> None:
        project = self._look(client)
        client.create_feedback(**said, session_id=project.id, stop_after_attempt=3)

    def _look(self, client: "Client") -> "TracerSessionResult":
        """Ask for the project, which is there as soon as a trace is. Once: then it is known."""
        if self._found is None:
            self._looks += 1
            self._found = client.read_project(project_name=self._project)
            self.shown_at = self._found.url
        return self._found

    def _note(self, error: Exception) -> None:
        self._refused = True
        self._problem = self._redact(str(error)).partition("\n")[0][:200]
