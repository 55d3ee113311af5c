"""LangGraph's local server for tests: on loopback, and gone with who started it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_sync_client

from tests.npm_packages import Lacking
from tests.prometheus_servers import free_port, running

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / ".venv-studio" / "bin" / "langgraph"
PATIENCE_S = 400


@contextmanager
def langgraph_dev(
    folder: Path, config: Mapping[str, Any], environment: Mapping[str, str], lacking: Lacking
) -> Iterator[str]:
    """Run `langgraph dev` in a folder, on what langgraph.json is to say; yields its address."""
    if not SERVER.exists():
        lacking("LangGraph's local server", "make studio-environment")
    (folder / "langgraph.json").write_text(json.dumps(config))
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-browser", "--no-reload", "--n-jobs-per-worker", "2"]
    usual = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_NO_VERSION_CHECK": "true",
        "LANGSMITH_TRACING": "false",
    }
    url = f"http://127.0.0.1:{port}"
    command = [str(SERVER), "dev", *options]
    with running(command, folder / "server.log", f"{url}/ok", {**usual, **environment}, PATIENCE_S):
        yield url


def studio_client(url: str, **headers: str) -> Any:
    """Return a client of the server, to be used as a context, that opens a connection for each question.

    The server closes a connection that was idle for five seconds, and it is then that httpx would use it once more.
    """
    return get_sync_client(url=url, api_key=None, headers={"Connection": "close", **headers})


def refusal(ask: Callable[[], Any]) -> tuple[int, str]:
    """Return with which status and words the server refuses."""
    with pytest.raises(httpx.HTTPStatusError) as refused:
        ask()
    return refused.value.response.status_code, refused.value.response.json()["detail"]
