"""The shipped JSON Schema describes what spec.py reads."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from autopilot import schema
from graph.model import Json
from tools import catalogue

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


def documented():
    """Yield every piece of autopilot.yaml that a page shows, as a file that holds it."""
    known = schema.schema()
    tops, fields = known["properties"].keys(), known["$defs"]["Model"]["properties"].keys()
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        for number, document in enumerate(map(yaml.safe_load, blocks)):
            if isinstance(document, dict) and document.keys() <= tops:
                yield pytest.param(document, id=f"{page.stem}-{number}")
            elif isinstance(document, dict) and document.keys() <= fields:
                yield pytest.param({"models": {"fraud": document}}, id=f"{page.stem}-{number}")


OURS = [pytest.param(yaml.safe_load(file.read_text("utf-8")), id=file.name) for file in ROOT.glob("autopilot*.yaml")]
EXAMPLES = [*documented(), *OURS]


def underlined(document: object) -> list[str]:
    """Return what an editor has to say. Pages show pieces: nothing is missing at the top, and … stands for the rest."""
    found = {**schema.schema(), "required": []}
    plain = json.loads(
        json.dumps(document, default=str), object_hook=lambda part: {k: part[k] for k in part if k != "…"}
    )
    return [
        f"{error.instance_path}: {error.message}" for error in jsonschema_rs.validator_for(found).iter_errors(plain)
    ]


@pytest.mark.parametrize("document", EXAMPLES)
def test_an_editor_underlines_nothing_that_a_page_shows(document):
    assert underlined(document) == []


def test_enough_is_shown_that_a_page_cannot_hide():
    shown = {key for example in EXAMPLES for key in example.values[0].get("channels", {})}
    assert shown == set(catalogue.CHANNELS)


@pytest.mark.parametrize(
    ("channels", "wrong"),
    [
        ({"slack": {"chanel": "C024BE91L"}}, True),
        ({"slack": {"channel": "#fraud"}}, True),
        ({"jira": {"channel": "C024BE91L"}}, True),
        ({"pager": "555-1"}, True),
        ({"pager": {"number": 7}}, False),
    ],
)
def test_channels_are_described_each_by_its_kind(channels, wrong):
    assert bool(underlined({"channels": channels})) == wrong


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
