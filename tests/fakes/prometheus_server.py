"""Prometheus as far as a monitor needs it, by its own documentation: queries that it was told the answers to."""

from typing import Any

from tests.fakes.faulty_server import FaultyServer, Reply, Request


class FakePrometheus(FaultyServer):
    """Answers `known` queries with a vector: labels as they are written in a metric, and the value as text."""

    def __init__(self, authorization: str | None = None) -> None:
        super().__init__()
        self.known: dict[str, list[tuple[dict[str, str], str]]] = {}
        self.warnings: list[str] = []
        self.authorization = authorization

    def answer(self, request: Request) -> Reply:
        if self.authorization and request.headers.get("authorization") != self.authorization:
            return Reply(401, text="Unauthorized")
        if request.path == "/api/v1/status/buildinfo":
            return Reply(document={"status": "success", "data": {"version": "2.42.0"}})
        given = {**request.query, **request.form}
        if request.path == "/api/v1/query":
            found = [{"metric": m, "value": [float(given["time"]), v]} for m, v in self._found(given)]
            return self._success("vector", found)
        if request.path == "/api/v1/query_range":
            found = [{"metric": m, "values": [[float(given["end"]), v]]} for m, v in self._found(given)]
            return self._success("matrix", found)
        return Reply(404, text="404 page not found")

    def _found(self, given: dict[str, str]) -> list[tuple[dict[str, str], str]]:
        return self.known.get(given["query"], [])

    def _success(self, kind: str, result: list[Any]) -> Reply:
        document = {"status": "success", "data": {"resultType": kind, "result": result}}
        return Reply(document={**document, **({"warnings": self.warnings} if self.warnings else {})})
