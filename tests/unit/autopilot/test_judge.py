"""The shipped policy over the pipe: what it says in a quiet world, a broken one and a changed one."""

import io
import json

import numpy as np
import pytest

from autopilot.judge.pipe import Pipe
from autopilot.judge.play import play
from graph.errors import Misconfigured
from tests.unit.autopilot.judge_world import World


def told(world: World) -> list[tuple[int, str, str | None]]:
    play(Pipe(world, world))
    return [(each["t"], each["type"], each.get("kind") or each.get("model") or each.get("id")) for each in world.said]


def test_a_quiet_world_is_left_alone(tmp_path):
    world = World(tmp_path, 40)
    assert told(world) == []
    assert [record["t"] for record in world.records] == list(range(40))
    assert world.records[-1]["decision"]["verdict"] == "healthy"


def test_the_same_world_gives_the_same_bytes(tmp_path):
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name, 16, turn=4)
        told(world)
        texts.append(json.dumps(world.records))
    assert texts[0] == texts[1]


def test_a_unit_that_changed_is_asked_about_at_once_and_its_rows_are_not_learned_from(tmp_path):
    def cents(tick, x, y):
        if 10 <= tick < 13:
            x[:, 0] *= 100

    world = World(tmp_path, 30, cents, answers=True)
    assert told(world) == [(10, "alert", "data"), (11, "alert", "data"), (12, "alert", "data")]
    decision = world.records[10]["decision"]
    assert (decision["action"], decision["cause"]) == ("fix_data", "data_quality")
    assert decision["blame"][0]["feature"] == "f0"


def test_columns_of_other_rows_are_asked_about(tmp_path):
    """Each column looks as ever; only the rows do not hold together any more."""

    def stale(tick, x, y):
        if tick >= 10:
            x[:, 4] = np.roll(x[:, 4], 1)

    world = World(tmp_path, 14, stale)
    assert told(world)[0] == (10, "alert", "data")
    assert "does not fit the rest of its row" in world.records[10]["decision"]["reason"]


def test_what_the_owner_calls_genuine_is_not_asked_again(tmp_path):
    def cents(tick, x, y):
        if tick >= 10:
            x[:, 0] *= 100

    world = World(tmp_path, 24, cents, answers=False)
    assert [at for at, kind, _ in told(world) if kind == "alert"] == [10, 11, 12]


@pytest.mark.parametrize("how", ["lost", "inverted", "of other rows"])
def test_broken_labels_are_asked_about_and_nothing_is_trained_on_them(tmp_path, how):
    def spoil(tick, x, y):
        if tick >= 10:
            random = np.random.default_rng(tick)
            y[:] = {"lost": y & (random.random(len(y)) > 0.7), "inverted": 1 - y, "of other rows": np.roll(y, 7)}[how]

    said = told(World(tmp_path, 24, spoil))
    assert said[0][1:] == ("alert", "label")
    assert {kind for _, kind, _ in said} == {"alert"}


def test_a_changed_concept_is_learned_judged_on_later_rows_and_promoted(tmp_path):
    world = World(tmp_path, 30, turn=10)
    said = told(world)
    assert [kind for _, kind, _ in said[:2]] == ["train", "promote"]
    first = world.said[0]
    assert min(first["ticks"]) >= 9
    # At least two later ticks whose labels had come were kept to judge it by.
    promoted = next(at for at, kind, _ in said if kind == "promote")
    assert max(first["ticks"]) <= promoted - 3 - 2
    assert promoted - 10 <= 9
    assert world.records[promoted]["checks"][0]["name"] == "pay_back"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "closed before"),
        ("nonsense", "is no JSON"),
        ('{"type": "tick"}', "has type 'tick'"),
        ('{"type": "start"}', "does not hold what the contract asks for"),
        ('{"type": "start", "version": 1, "features": [], "prices": {}, "label_delay": 1}', "does not hold"),
        ("[1]", "has type None"),
    ],
)
def test_a_broken_line_ends_the_stream_with_a_clear_error(line, words):
    with pytest.raises(Misconfigured, match=words):
        play(Pipe(io.StringIO(line + "\n" if line else ""), io.StringIO()))


@pytest.mark.parametrize("gone", ["missing", "rubbish"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, gone):
    world = World(tmp_path, 3)
    path = tmp_path / "2.parquet"
    path.unlink()
    if gone == "rubbish":
        path.write_bytes(b"no parquet")
    with pytest.raises(Misconfigured, match=r"2\.parquet"):
        told(world)


def test_ticks_without_gaps_and_labels_of_known_rows_only(tmp_path):
    world = World(tmp_path, 3)
    start, tick = list(world.lines)
    later = json.dumps({**json.loads(tick), "t": 5})
    world.lines.clear()
    world.lines.extend([start, later])
    with pytest.raises(Misconfigured, match="tick 5 where 0 was due"):
        told(world)
