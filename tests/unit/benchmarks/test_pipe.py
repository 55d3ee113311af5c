"""The conversation with a policy's process."""

import sys

import pytest

from benchmarks.decide.pipe import PolicyFailed, play
from benchmarks.decide.plan import Bug
from benchmarks.decide.world import World
from tests.unit.benchmarks.streams import tiny

POLICY = """
import json, sys
import pyarrow.parquet as pq
say = lambda **m: print(json.dumps(m), flush=True)
start = json.loads(input())
assert pq.read_table(start["reference"]).column_names == ["x", "score", "label", "t"]
while (m := json.loads(input()))["type"] != "end":
    t = m["t"]
    if t == 12:
        say(type="train", id="c1", ticks=[1, 2, 3], reference=True)
        assert json.loads(input()) == {"type": "trained", "id": "c1"}
        say(type="score", model="c1", ticks=[5, 4])
        scored = pq.read_table(json.loads(input())["rows"])
        assert scored["t"].to_pylist() == [5] * 40 + [4] * 40
        say(type="promote", model="c1")
        say(type="alert", kind="data")
    say(type="done", record={"t": t, "answers": m["answers"], "rows": pq.read_table(m["rows"]).column_names})
"""


def test_a_policy_is_shown_and_asks_what_the_protocol_says():
    world = World(tiny(Bug("data", 10, lambda x, y, random: (x + 100, y)), ticks=20))
    records = play(world, [sys.executable, "-c", POLICY])
    assert [r["t"] for r in records] == list(range(20))
    assert records[15]["answers"] == [{"kind": "data", "asked": 12, "real": True}]
    assert records[0]["rows"] == ["row", "x", "score"]
    assert [(a.did, a.t) for a in world.actions] == [("train", 12), ("promote", 12), ("alert data", 12)]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("raise SystemExit('no licence')", "no licence"),
        ("input(); input(); print('hello', flush=True)", "not a line of JSON"),
        ("""input(); input(); print('{"type": "promote", "model": "x"}', flush=True); input()""", "no model 'x'"),
        ("""input(); input(); print('{"type": "sell"}', flush=True); input()""", "not in the protocol"),
    ],
)
def test_a_policy_that_fails_is_named_with_what_it_said(policy, said):
    with pytest.raises(PolicyFailed, match=said):
        play(World(tiny(ticks=5)), [sys.executable, "-c", policy])
