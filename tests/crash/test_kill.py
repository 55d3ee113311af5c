"""Kills the process that carries a run, from outside, wherever it stands between an effect and its record.

Another process carries on by the commands that a person would type. What then happened is counted where it happened.
"""

import pytest

from tests.crash.installation import ONCE_EACH, Scene

pytestmark = pytest.mark.crash

TO_TRAIN = [
    "decision.recorded",
    "thread.seeded",
    *(f"training.{step}" for step in ("intended", "called", "recorded")),
    *(f"candidate.{step}" for step in ("intended", "called", "recorded")),
]
TO_ASK = ["validation.judged", "validation.recorded", "approval.sealed", "approval.opened"]
TO_PROMOTE = [
    "answer.recorded",
    *(
        f"{kind}.{step}"
        for kind in ("release", "version", "previous", "champion")
        for step in ("intended", "called", "recorded")
    ),
    "promotion.recorded",
    "run.finished",
]


def carried_on(scene: Scene, *, asks: bool) -> None:
    """Carry the killed run on from the command line, and approve it if it has come to ask."""
    run = scene.run()
    resumed = scene.command("resume", run, "--wait")
    assert resumed.code == (3 if asks else 0), resumed.said()
    if asks:
        approved = scene.command("approve", run, "--as", "ana")
        assert approved.code == 0, approved.said()


@pytest.mark.parametrize("point", [*TO_TRAIN, *TO_ASK])
def test_killed_before_anybody_was_asked(site, point):
    scene = site.scene(point, validation="holdout" if point == "validation.judged" else "reported")
    scene.kill_at(point)
    carried_on(scene, asks=True)
    assert scene.happened() == ONCE_EACH


@pytest.mark.parametrize("point", TO_PROMOTE)
def test_killed_after_the_answer(site, point):
    scene = site.scene(point)
    scene.kill_at(point)
    carried_on(scene, asks=False)
    assert scene.happened() == ONCE_EACH


def test_killed_at_every_point_of_one_run(site):
    scene = site.scene("every-point")
    for point in (*TO_TRAIN, *TO_ASK, *TO_PROMOTE):
        scene.kill_at(point)
    carried_on(scene, asks=False)
    assert scene.happened() == ONCE_EACH


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("training", "executions of the training command"),
        ("candidate", "candidates"),
        ("release", "releases"),
    ],
)
@pytest.mark.parametrize("once", [True, False], ids=["with once", "without once"])
def test_eager_hands_need_once(site, kind, effect, once):
    scene = site.scene(f"{kind}-{once}")
    scene.kill_at(f"{kind}.called", "live_eagerly", kind, once)
    scene.start("live_eagerly", scene.model, "nowhere", "", kind, once).end()
    happened = scene.happened()
    assert (happened == ONCE_EACH) is once
    assert (happened[effect] == 1) is once
