"""Kills the process that carries a run, from outside, wherever it stands between an effect and its record.

Another process carries on by the commands that a person would type. What then happened is counted where it happened.
"""

import shutil

import pytest

from tests.crash.forks import until
from tests.crash.installation import ONCE_EACH, Scene

pytestmark = pytest.mark.crash

STEPS = ("intended", "called", "recorded")
TO_TRAIN = [
    "decision.recorded",
    "thread.seeded",
    *(f"{effect}.{step}" for effect in ("training", "candidate") for step in STEPS),
]
TO_ASK = ["validation.judged", "validation.recorded", "approval.sealed", "approval.opened"]
TO_PROMOTE = [
    "answer.recorded",
    *(f"{effect}.{step}" for effect in ("release", "version", "champion", "previous") for step in STEPS),
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


# --- what `once` is for -----------------------------------------------------------------------------------------------

with_and_without = pytest.mark.parametrize("once", [True, False], ids=["with once", "without once"])


@with_and_without
def test_a_job_system_that_forgets_needs_once(site, once):
    scene = site.scene(f"forgets-{once}")
    without = None if once else "training"
    scene.kill_at("training.recorded", "live_otherwise", without, False)
    job = site.root / "home" / "jobs" / f"{scene.model}.{scene.run()}"
    until(lambda: (job / "done.json").exists(), "the end of the job")
    shutil.rmtree(job)
    scene.start("live_otherwise", scene.model, "nowhere", "", without, False).end()
    assert_only_once_counts_one(scene, "executions of the training command", once)


@with_and_without
@pytest.mark.parametrize(
    ("kind", "effect"),
    [("training", "executions of the training command"), ("candidate", "candidates"), ("release", "releases")],
)
def test_hands_that_do_not_look_need_once(site, kind, effect, once):
    scene = site.scene(f"eager-{kind}-{once}")
    without = None if once else kind
    scene.kill_at(f"{kind}.called", "live_otherwise", without, True)
    scene.start("live_otherwise", scene.model, "nowhere", "", without, True).end()
    assert_only_once_counts_one(scene, effect, once)


def assert_only_once_counts_one(scene: Scene, effect: str, once: bool) -> None:
    happened = scene.happened()
    assert (happened == ONCE_EACH) is once
    assert (happened[effect] == 1) is once
