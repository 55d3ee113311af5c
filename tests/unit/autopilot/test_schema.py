"""The shipped JSON Schema describes what spec.py reads."""

import re
from pathlib import Path

import yaml

from autopilot import schema
from graph.model import Json

ROOT = Path(__file__).parents[3]


def test_the_shipped_file_is_up_to_date():
    assert schema.FILE.read_text("utf-8") == schema.text(), "write it anew: python -m autopilot.schema"


def test_durations_are_described_as_people_write_them():
    window = schema.schema()["$defs"]["PredictionFiles"]["properties"]["window"]
    assert window["default"] == "1d"
    assert re.fullmatch(window["pattern"], "1d12h")
    assert not re.fullmatch(window["pattern"], "PT1H")


def test_an_entry_may_leave_to_the_defaults_what_it_likes():
    found = schema.schema()
    assert [name for name, part in found["$defs"].items() if "required" in part] == []
    assert found["required"] == ["models"]


def test_the_example_uses_only_what_is_described():
    example = yaml.safe_load((ROOT / "autopilot.yaml").read_text("utf-8"))
    found = schema.schema()
    assert unknown(example, found, found["$defs"]) == []


def test_a_field_that_is_not_described_is_found():
    found = schema.schema()
    document = {"models": {"fraud": {"policy": {"max_dropp": 1}}}}
    assert unknown(document, found, found["$defs"]) == ["max_dropp"]


def unknown(value: object, node: Json, parts: Json) -> list[str]:
    """Return the keys of a document that its schema does not name."""
    node = parts[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    choices = node.get("anyOf") or node.get("oneOf")
    if choices:
        return min((unknown(value, each, parts) for each in choices), key=len)
    if not isinstance(value, dict):
        return []
    known = node.get("properties", {})
    others = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties", False))
    wrong = [key for key in value if key not in known and not isinstance(others, dict)]
    for key, below in value.items():
        if key in known or isinstance(others, dict):
            wrong += unknown(below, known.get(key, others), parts)
    return wrong
