"""What the owner's metric command may print."""

import json

import pytest

from tests.saved_models import entry
from tools.evaluation import custom


@pytest.mark.parametrize(
    ("printed", "heard"),
    [
        ({"cost": 3}, {"cost": entry(3)}),
        ({"cost": {"challenger": 3.5}}, {"cost": entry(3.5)}),
        ({"cost": {"passed": True}}, {"cost": entry(None, True)}),
        ({"cost": {"challenger": 2, "passed": False}}, {"cost": entry(2, False)}),
        ({"a": 1, "b": {"champion": 1, "challenger": 2, "passed": True}},
         {"a": entry(1), "b": {"champion": 1, "challenger": 2, "passed": True}}),
        ({"cost": {"challenger": None}}, {"cost": entry()}),
    ],
)  # fmt: skip
def test_good_output(printed, heard):
    assert custom._read(json.dumps(printed)) == heard


@pytest.mark.parametrize(
    "printed",
    ["", "cost: 3", "[1]", "3", "{}", "null", '{"a": 1} {"b": 2}', "[" * 100_000,
     json.dumps(dict.fromkeys(map(str, range(101)), 1))],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_output_that_is_no_object_of_metrics_fails_the_command(printed: str):
    heard = custom._read(printed)
    assert list(heard) == ["metric_command"]
    assert heard["metric_command"]["passed"] is False
    assert "must print one JSON object" in heard["metric_command"]["error"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("NaN", "challenger is nan"),
        ("Infinity", "challenger is inf"),
        ("1" + "0" * 400, "challenger is 1000"),
        ("true", "challenger is True"),
        ('"3"', "challenger is 3, which is not a number"),
        ('{"champion": NaN, "challenger": 1, "passed": true}', "champion is nan"),
        ('{"challenger": [1]}', "challenger is [1]"),
        ('{"passed": 1}', "passed is 1"),
        ('{"passed": "yes"}', "passed is yes"),
        ('{"value": 1}', "got value"),
        ("{}", "got nothing"),
        ("[]", "challenger is []"),
    ],
)
def test_a_bad_value_fails_its_own_metric_only(value: str, said: str):
    heard = custom._read(f'{{"good": 1, "bad": {value}}}')
    assert heard["good"] == entry(1)
    assert heard["bad"]["passed"] is False
    assert heard["bad"]["challenger"] is None
    assert said in heard["bad"]["error"]
