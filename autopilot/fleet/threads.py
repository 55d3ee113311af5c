"""Runs what blocks on a thread of its own, which the end of the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_thread(act: Callable[[], T]) -> T:
    """Return what `act` returns. Cancelled, it goes on unheard: what it holds ends with the process."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()
    threading.Thread(target=_settle, args=(act, done), name="job", daemon=True).start()
    return await asyncio.wrap_future(done)


def _settle(act: Callable[[], T], done: "Future[T]") -> None:
    try:
        result = act()
    except BaseException as error:  # noqa: BLE001 - not hidden: it is raised where this is awaited
        done.set_exception(error)
    else:
        done.set_result(result)
