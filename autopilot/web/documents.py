"""The API as a page, made from its OpenAPI document: no script, nothing from elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.routing import APIRoute

from autopilot.api import identity
from graph.model import Json

_ROLES: dict[Callable[..., Any], str] = {
    get_args(identity.Viewer)[1].dependency: "viewer",
    get_args(identity.Operator)[1].dependency: "operator",
}
_LIKE = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a route takes."""

    name: str
    place: str
    """path, query, header or body."""
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method."""

    method: str
    path: str
    summary: str
    text: str
    role: str
    takes: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]
    """Status and what it means."""

    @property
    def anchor(self) -> str:
        """The name of its place on the page."""
        return f"{self.method}-{self.path.strip('/').replace('/', '-').replace('{', '').replace('}', '') or 'root'}"


def operations(app: FastAPI) -> list[Operation]:
    """Return every route of the application's OpenAPI document, in its order."""
    document = app.openapi()
    roles = dict(_roles(app.routes))
    return [
        _operation(document, path, method.upper(), said, roles.get((method.upper(), path)))
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]


def _operation(document: Json, path: str, method: str, said: Json, role: str | None) -> Operation:
    text = said.get("description", "")
    answers = tuple((status, str(each["description"])) for status, each in sorted(said["responses"].items()))
    return Operation(
        method=method,
        path=path,
        summary=text.partition(". ")[0],
        text=text,
        role=role or ("as said above" if said.get("security") else "none: it is open to everybody"),
        takes=(*_parameters(document, said.get("parameters", [])), *_body(document, said.get("requestBody"))),
        answers=answers,
    )


def _roles(routes: Iterable[object]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield which role each route takes at least, read off what it depends on."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _roles(inner.routes)
        elif isinstance(route, APIRoute):
            asked = (_ROLES.get(each.call) for each in route.dependant.dependencies if each.call)
            role = next(filter(None, asked), None)
            yield from (((method, route.path), role) for method in route.methods or () if role)


def _parameters(document: Json, given: Iterable[Json]) -> Iterator[Field]:
    for each in given:
        yield Field(each["name"], each["in"], _kind(document, each["schema"]), each.get("required", False))


def _body(document: Json, given: Json | None) -> Iterator[Field]:
    for media, content in (given or {}).get("content", {}).items():
        shape = _resolved(document, content["schema"])
        needed = shape.get("required", [])
        for name, schema in shape.get("properties", {}).items():
            yield Field(name, f"body, {media}", _kind(document, schema), name in needed)


def _kind(document: Json, schema: Json) -> str:
    """Return in words what a value looks like."""
    schema = _resolved(document, schema)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(document, each) for each in schema[several]))
    if "enum" in schema or "const" in schema:
        return " or ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    kind = schema.get("format") or _LIKE.get(schema.get("type", ""), schema.get("type", "anything"))
    return f"{kind}{_size(schema)}"


def _size(schema: Json) -> str:
    most = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    between = f", {schema['minimum']} to {schema['maximum']}" if {"minimum", "maximum"} <= set(schema) else ""
    return f"{most}{between}"


def _resolved(document: Json, schema: Json) -> Json:
    """Return what a reference stands for."""
    if "$ref" not in schema:
        return schema
    found: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
