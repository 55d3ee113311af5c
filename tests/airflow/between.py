"""Stands between us and a real Airflow, hands everything on, and spoils it when it is told to."""

import httpx

from tests.fakes.faulty_server import FaultyServer, Reply, Request


class Between(FaultyServer):
    """The faults of the played systems, in front of a real one."""

    def __init__(self, behind: str) -> None:
        super().__init__()
        self._behind = behind

    def answer(self, request: Request) -> Reply:
        headers = {name: value for name, value in request.headers.items() if name in ("authorization", "content-type")}
        answer = httpx.request(
            request.method,
            f"{self._behind}{request.path}",
            params=request.query,
            headers=headers,
            content=request.body,
            timeout=60,
            trust_env=False,
            verify=False,
        )
        return Reply(answer.status_code, text=answer.text)
