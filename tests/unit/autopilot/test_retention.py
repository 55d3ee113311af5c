"""`retention:` as it is written in autopilot.yaml."""

import json
from datetime import timedelta

import pytest

from autopilot.spec import parse
from graph.errors import Misconfigured
from graph.policy import retention
from tests.flows.test_backtest_command import CONFIGURATION


def written(**fields: str) -> retention.Retention:
    return parse(f"{CONFIGURATION}\nretention: {json.dumps(fields)}\n", "autopilot.yaml").retention.policy


def test_what_is_not_written_has_the_usual_length():
    assert parse(CONFIGURATION, "autopilot.yaml").retention.policy == retention.Retention()
    assert written(detail="3d") == retention.Retention(detail=timedelta(days=3))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"detail": "30d", "counts": "29d"}, "counts must be at least a day, and not shorter than detail"),
        ({"detail": "30d", "decisions": "29d"}, "decisions must be at least a day, and not shorter than detail"),
        ({"detail": "1h", "decisions": "23h"}, "decisions must be at least a day"),
        ({"threads": "0d"}, "must be longer than nothing"),
        ({"treads": "1d"}, "treads"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields, said):
    with pytest.raises(Misconfigured, match=said):
        written(**fields)
