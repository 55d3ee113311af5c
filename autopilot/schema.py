"""The JSON Schema of autopilot.yaml, for editors: `python -m autopilot.schema` writes it anew after spec.py changed."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from autopilot import words
from autopilot.spec import File, Model
from graph.model import Json
from tools import catalogue
from tools.fields import Part

FILE = Path(__file__).with_name("autopilot.schema.json")


class _AsWritten(GenerateJsonSchema):
    """Describes values as people write them: `3d` where pydantic would ask for an ISO 8601 duration."""

    def timedelta_schema(self, schema: Any) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^(\d+(\.\d+)?[dhms])+$", "examples": ["3d", "12h", "1d12h"]}

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return words.written(dft)
        return super().encode_default(dft)

    def datetime_schema(self, schema: Any) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}", "examples": ["2026-01-01", "2026-01-01T06:00:00Z"]}


def schema() -> Json:
    """Return the schema of the whole file."""
    found = File.model_json_schema(by_alias=True, schema_generator=_AsWritten)
    _spell_out_kinds(found)
    _spell_out_channels(found)
    for part in found["$defs"].values():
        # What an entry leaves out may stand under `defaults`.
        part.pop("required", None)
    entry = {"$ref": f"#/$defs/{Model.__name__}"}
    found["properties"]["defaults"] = {**entry, "description": "Holds for every model that does not say otherwise."}
    found["properties"]["groups"] = {
        "type": "object",
        "additionalProperties": {
            **entry,
            "description": "Holds for every model of the group that does not say otherwise.",
        },
    }
    _drop_repeated_defaults(found)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "autopilot.yaml"}


def _spell_out_kinds(found: Json) -> None:
    """Put our kinds where the file's own shape only says that there is one; any other is a stranger's."""
    monitors = [catalogue.monitor(kind) for kind in catalogue.MONITORS]
    shapes: dict[str, tuple[str, list[type[Part]]]] = {
        "PipelinePart": ("Pipeline", [catalogue.pipeline(kind).written for kind in catalogue.PIPELINES]),
        "MonitorPart": ("Monitor", [shape for each in monitors for shape in (each.written, *each.instead.values())]),
    }
    for name, (title, ours) in shapes.items():
        references, made = models_json_schema([(shape, "validation") for shape in ours], schema_generator=_AsWritten)
        found["$defs"] |= made["$defs"]
        kinds = list(catalogue.PIPELINES if title == "Pipeline" else catalogue.MONITORS)
        another = {"type": "object", "properties": {"kind": {"type": "string", "not": {"enum": kinds}}}}
        found["$defs"][name] = {"title": title, "anyOf": [*references.values(), another]}


def _spell_out_channels(found: Json) -> None:
    """Do the same for channels, whose kinds are names of fields."""
    ours = {kind: catalogue.channel(kind).written for kind in catalogue.CHANNELS}
    references, made = models_json_schema([(each, "validation") for each in ours.values()], schema_generator=_AsWritten)
    found["$defs"] |= made["$defs"]
    del found["$defs"]["ChannelPart"]
    channels = found["properties"]["channels"]
    channels["properties"] = {kind: references[shape, "validation"] for kind, shape in ours.items()}
    channels["additionalProperties"] = {"type": "object"}


def _drop_repeated_defaults(node: Any) -> None:
    """Take out the default of a whole part: its fields have theirs. And that of an absent field, which is no value."""
    if isinstance(node, dict):
        if "default" in node and not isinstance(node["default"], str | int | float | list):
            del node["default"]
        for below in node.values():
            _drop_repeated_defaults(below)
    elif isinstance(node, list):
        for below in node:
            _drop_repeated_defaults(below)


def text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
