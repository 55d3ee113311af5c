"""Any OpenAI-compatible endpoint, asked through langchain-openai. Whatever goes wrong there is a reply that says so."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from graph.advice import Reply
from graph.model import Json
from tools.redaction import Redactor

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

_LONGEST_PROBLEM = 200
_MOST_TOKENS = 10_000_000


class ChatReasoner:
    """Implements graph.ports.Reasoner. Loads its libraries with the first question, and never asks twice."""

    def __init__(self, api_key: str, base_url: str, model: str, timeout_s: float) -> None:
        self.name = model
        self._api_key = api_key
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._redact = Redactor.of([api_key, base_url])

    def ask(self, instructions: str, question: str, schema: Json, most_tokens: int) -> Reply:
        """Send one question and return the answer, or why there is none in time."""
        # Before the clock runs: loading takes seconds.
        import langchain_openai  # noqa: F401

        messages = [("system", instructions), ("human", question)]
        return self._in_time(partial(self._asked, messages, schema, most_tokens))

    def _asked(self, messages: list[tuple[str, str]], schema: Json, most_tokens: int) -> Reply:
        from openai import APIStatusError, OpenAIError

        try:
            return _reply(self._chat(schema, most_tokens).invoke(messages)["raw"])
        except APIStatusError as error:
            # A request that was refused as such used nothing; after any other error nobody knows.
            unused = 400 <= error.status_code < 500
            return Reply(None, self._words(error), tokens=0 if unused else None)
        except OpenAIError as error:
            return Reply(None, self._words(error))
        except Exception as error:  # noqa: BLE001 - the libraries trip in many ways over what is no chat completion
            return Reply(None, self._words(error, f"the answer is no chat completion: {type(error).__name__} "))

    def _chat(self, schema: Json, most_tokens: int) -> "Runnable[Any, Any]":
        from langchain_openai import ChatOpenAI

        model = ChatOpenAI(
            model=self.name,
            api_key=SecretStr(self._api_key),
            # Always given: without it the library takes an address from the environment.
            base_url=self._base_url,
            max_completion_tokens=most_tokens,
            timeout=self._timeout_s,
            # One reservation pays for one request.
            max_retries=0,
            disable_streaming=True,
            use_responses_api=False,
        )
        return model.with_structured_output(schema, method="json_schema", strict=True, include_raw=True)

    def _in_time(self, ask: Callable[[], Reply]) -> Reply:
        """Wait no longer than agreed: a library's time-out starts anew with every byte that trickles in."""
        answers: Queue[Reply] = Queue(1)
        work = partial(copy_context().run, lambda: answers.put(ask()))
        threading.Thread(target=work, name="language model", daemon=True).start()
        try:
            return answers.get(timeout=self._timeout_s)
        except Empty:
            return Reply(None, f"it did not answer within {self._timeout_s:g} s")

    def _words(self, error: Exception, before: str = "") -> str:
        cause = str(error.__cause__ or "")
        more = f" ({cause})" if cause and cause not in str(error) else ""
        said = " ".join(self._redact(f"{error}{more}").split()) or type(error).__name__
        return f"{before}{said}"[:_LONGEST_PROBLEM]


def _reply(message: "AIMessage") -> Reply:
    used = int(message.usage_metadata["total_tokens"]) if message.usage_metadata else 0
    # An endpoint that counts nothing did not answer for free, and one that counts absurdly is not believed.
    tokens = used if 0 < used <= _MOST_TOKENS else None
    refusal = message.additional_kwargs.get("refusal")
    if refusal:
        return Reply(None, f"it refused: {' '.join(str(refusal).split())}"[:_LONGEST_PROBLEM], tokens)
    return Reply(message.text, tokens=tokens)
