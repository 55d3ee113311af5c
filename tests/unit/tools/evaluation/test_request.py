"""What parent and child say to each other survives the file it travels in."""

import json
from datetime import UTC, datetime

import pytest

from graph import codec
from graph.spec import ValidationSpec
from tools.evaluation.request import Request


@pytest.mark.parametrize("positive", [1, True, 1.0, "1", "yes"], ids=repr)
def test_a_request_arrives_as_it_was_sent(positive):
    request = Request(
        model="m",
        features=("a", "b"),
        metric="f1",
        validation=ValidationSpec(slices=("a",), minimum={"f1": 0.5}, metric_command=("python", "m.py")),
        holdout="/h",
        champion=None,
        challenger="/c",
        harm_from=datetime(2026, 3, 1, tzinfo=UTC),
        positive=positive,
        threshold=0.3,
        deadline_s=1.5,
        command_timeout_s=2.5,
        command_environment={"PATH": "/bin"},
    )
    arrived = codec.load(Request, json.loads(json.dumps(codec.dump(request))))
    assert arrived == request
    assert type(arrived.positive) is type(positive)
