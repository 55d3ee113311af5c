"""Labels of models, and groups with defaults of their own: what an entry inherits, and what is wrong in one line."""

from pathlib import Path

import pytest
import yaml

from autopilot.effective import model_spec
from autopilot.inheriting import with_defaults
from autopilot.spec import parse
from graph.errors import Misconfigured
from tests.house import MODEL
from tests.serving import FILE

HERE = Path()


@pytest.mark.parametrize(
    ("defaults", "groups", "own", "whole"),
    [
        # Nothing to inherit.
        ({}, {}, {"a": 1}, {"a": 1}),
        # The defaults, the group over them, the entry over both; mappings are joined, lists and values are not.
        ({"a": 1, "b": 1}, {"g": {"b": 2, "c": 2}}, {"group": "g", "c": 3}, {"a": 1, "b": 2, "c": 3, "group": "g"}),
        ({"p": {"x": 1, "y": 1}}, {"g": {"p": {"y": 2}}}, {"group": "g", "p": {"z": 3}},
         {"group": "g", "p": {"x": 1, "y": 2, "z": 3}}),
        ({"tags": ["a"]}, {"g": {"tags": ["b"]}}, {"group": "g"}, {"group": "g", "tags": ["b"]}),
        ({}, {"g": {"tags": ["b"]}}, {"group": "g", "tags": ["c"]}, {"group": "g", "tags": ["c"]}),
        # A group without defaults for all, and an entry that says nothing more.
        ({}, {"g": {"a": 2}}, {"group": "g"}, {"a": 2, "group": "g"}),
        ({"group": "g"}, {"g": {"a": 2}}, {"b": 1}, {"group": "g", "a": 2, "b": 1}),
        ({"group": "g"}, {"g": {"a": 2}}, None, {"group": "g", "a": 2}),
        # Another group than that of the defaults; a group that says nothing.
        ({"group": "g"}, {"g": {"a": 2}, "h": {"a": 3}}, {"group": "h"}, {"group": "h", "a": 3}),
        ({"a": 1}, {"g": None}, {"group": "g"}, {"a": 1, "group": "g"}),
        # Who is in no group gets nothing of any.
        ({"a": 1}, {"g": {"a": 2}}, {"b": 1}, {"a": 1, "b": 1}),
        # What is said about another kind is not about this one, wherever it comes from.
        ({"m": {"kind": "x", "u": 1}}, {"g": {"m": {"kind": "y", "v": 2}}}, {"group": "g", "m": {"w": 3}},
         {"group": "g", "m": {"kind": "y", "v": 2, "w": 3}}),
    ],
)  # fmt: skip
def test_what_an_entry_inherits(defaults, groups, own, whole):
    document = {"defaults": defaults, "groups": groups, "models": {"m": own}}
    assert with_defaults(document, None, "f")["models"]["m"] == whole


def changed(**entry):
    document = yaml.safe_load(FILE)
    document["models"][MODEL].update(entry)
    return document


def read(document):
    return parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")


def fingerprint(document):
    return model_spec(MODEL, read(document).models[MODEL], HERE).digest


def test_a_label_is_not_part_of_what_an_approval_is_sealed_to():
    labelled = changed(tags=["payments"], owner="otto", group="cards")
    labelled["groups"] = {"cards": {"tags": ["other"]}}
    assert fingerprint(labelled) == fingerprint(yaml.safe_load(FILE))
    spec = model_spec(MODEL, read(labelled).models[MODEL], HERE)
    assert spec.tags == ("payments",)


def test_what_a_group_brings_counts_as_if_the_entry_said_it():
    grouped = changed(group="cards")
    grouped["groups"] = {"cards": {"policy": {"cooldown": "1d"}}}
    assert fingerprint(grouped) == fingerprint(changed(policy={"cooldown": "1d"}))
    assert fingerprint(grouped) != fingerprint(yaml.safe_load(FILE))


@pytest.mark.parametrize(
    ("more", "said", "hint"),
    [
        ("    group: nope\n", "autopilot.yaml:24: models.fraud.group: names nope, which is not under groups", "none"),
        ("    group: nope\ngroups: {cards: {}}\n", "names nope, which is not under groups", "it has: cards"),
        ("    owner: zed\n", "models.fraud.owner names zed, who is not under people", ""),
        ("    tags: payments\n", "autopilot.yaml:24: models.fraud.tags: ", ""),
        ("    tags: [a b]\n", "autopilot.yaml:24: models.fraud.tags.0: ", ""),
        (
            "    schedule: hourly\n",
            "autopilot.yaml:24: models.fraud.schedule: 'hourly' is no schedule; write five fields",
            "",
        ),
        ("    schedule: 0 0 31 2 *\n", "is no schedule; write five fields", ""),
        (
            "groups:\n  cards: {group: other}\n",
            "autopilot.yaml:25: groups.cards.group: a group is in no group",
            "remove",
        ),
        ("    group: cards\ngroups:\n  cards: {odd: 1}\n", "models.fraud.odd", "remove 'odd'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(more, said, hint):
    with pytest.raises(Misconfigured) as wrong:
        parse(FILE + more, "autopilot.yaml")
    assert said in wrong.value.message
    assert hint in wrong.value.hint
