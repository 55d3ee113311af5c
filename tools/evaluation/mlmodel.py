"""Reads the MLmodel file of a saved model: how it was stored and what its signature asks for."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.evaluation.request import Role


class ModelError(Exception):
    """A model cannot be used as it is. The message names the model and says what to do; it ends up in `load_error`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a signature asks for; `type` is MLflow's word.

    That MLflow calls a column optional is not read: it does so for every column that held a null in training.
    """

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model folder as its MLmodel file describes it."""

    role: Role
    folder: Path
    flavors: tuple[str, ...]
    skops_file: Path | None
    """The skops file of the sklearn flavour; None for any other way of storing a model."""
    stored_as: str
    """Flavour and format, in words."""
    columns: tuple[Column, ...] | None
    """The signature's named columns; None when there is no signature, or one without names."""
    width: int | None
    """How many columns a signature without names asks for."""


def read(role: Role, folder: Path) -> SavedModel:
    """Return what the MLmodel file in `folder` says. Raises ModelError when it is missing, broken or leads outside."""
    document = _document(role, folder)
    flavors = _mapping(document.get("flavors"))
    sklearn = _mapping(flavors.get("sklearn"))
    stored_as = str(sklearn.get("serialization_format", "pickle"))
    columns, width = _signature(role, document.get("signature"))
    return SavedModel(
        role=role,
        folder=folder,
        flavors=tuple(flavors),
        skops_file=_inside(role, folder, str(sklearn.get("pickled_model"))) if stored_as == "skops" else None,
        stored_as=f"sklearn as {stored_as}" if "sklearn" in flavors else ", ".join(flavors) or "none",
        columns=columns,
        width=width,
    )


def _document(role: Role, folder: Path) -> dict[str, Any]:
    file = folder / "MLmodel"
    try:
        return _mapping(yaml.safe_load(file.read_text("utf-8")))
    except FileNotFoundError:
        raise ModelError(f"the {role}'s files hold no MLmodel file: log it with mlflow.<flavour>.log_model") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"the {role}'s MLmodel file cannot be read: {error}") from error


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _inside(role: Role, folder: Path, name: str) -> Path:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise ModelError(f"the {role}'s MLmodel file names the model file {name!r}, which is not among its files")
    return file


def _signature(role: Role, signature: object) -> tuple[tuple[Column, ...] | None, int | None]:
    text = _mapping(signature).get("inputs")
    if text is None:
        return None, None
    try:
        entries = [_mapping(entry) for entry in json.loads(text)]
    except (TypeError, ValueError) as error:
        raise ModelError(f"the {role}'s signature cannot be read: {error}") from error
    if all("name" in entry for entry in entries):
        return tuple(Column(str(entry["name"]), str(entry.get("type"))) for entry in entries), None
    return None, _width(entries)


def _width(entries: list[dict[str, Any]]) -> int | None:
    if entries[0].get("type") != "tensor":
        return len(entries)
    shape = _mapping(entries[0].get("tensor-spec")).get("shape")
    last = shape[-1] if isinstance(shape, list) and len(shape) == 2 else -1
    return last if isinstance(last, int) and last > 0 else None
