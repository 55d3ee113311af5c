"""The other policy: a file with the `policy`, `training` and `validation` of a model entry, laid over that entry."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from autopilot import spec as written
from autopilot.spec_problem import problem
from graph.errors import Misconfigured
from tools.fields import Part

PARTS = ("policy", "training", "validation")


class Other(Part):
    """What such a file may hold; each part as in a model entry. What a part does not name stays as the entry has it."""

    policy: written.Policy = written.Policy()
    training: written.Training = written.Training()
    validation: written.Validation = written.Validation()


def other(file: Path, entry: written.Model) -> written.Model:
    """Return the entry with what the file changes. Misconfigured names the file, the line, the field and the fix."""
    text = _read(file)
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise Misconfigured(f"{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(document, dict) or not document:
        raise Misconfigured(f"{file}: the file holds no policy", "it begins with policy:, training: or validation:")
    try:
        Other.model_validate(document)
        return written.Model.model_validate(_laid_over(entry, document))
    except ValidationError as error:
        raise _wrong(error, tree, file) from None


def _laid_over(entry: written.Model, document: dict[str, Any]) -> dict[str, Any]:
    # Both as they were read: which fields they have, only their kind knows.
    as_read = {"pipeline": entry.pipeline, "monitor": entry.monitor}
    whole = {**entry.model_dump(by_alias=True, exclude_unset=True), **as_read}
    return {**whole, **{part: {**whole.get(part, {}), **(document.get(part) or {})} for part in PARTS}}


def _wrong(error: ValidationError, tree: yaml.Node | None, file: Path) -> Misconfigured:
    found = problem(error, tree, str(file))
    where = error.errors(include_url=False, include_context=False)[0]["loc"]
    part = next((part for part, shape in Other.model_fields.items() if where and where[0] in _fields(shape)), None)
    return Misconfigured(found.message, f"write {where[0]!r} under {part}:") if part and len(where) == 1 else found


def _fields(shape: FieldInfo) -> set[str]:
    return set(shape.annotation.model_fields) if shape.annotation else set()


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise Misconfigured(f"no policy at {file}", "name a file with policy: as in a model entry") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from None
