"""Values to JSON and back: the only place where graph.model meets a serializer."""

import hashlib
import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from graph.model import Json

T = TypeVar("T")


# Building an adapter costs far more than using it.
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def dump(value: Any) -> Json:
    """Return `value`, a frozen value of graph.model, as JSON types only."""
    result: Json = _adapter(type(value)).dump_python(value, mode="json")
    return result


def load(kind: type[T], document: Json) -> T:
    """Return the value of type `kind` that `dump` made `document` from. Raises ValueError when it does not fit."""
    result: T = _adapter(kind).validate_python(document)
    return result


def canonical(document: Any) -> str:
    """Return one fixed text for equal JSON documents."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(document: Any) -> str:
    """Return the sha256, in hex, of the canonical text of a JSON document."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()
