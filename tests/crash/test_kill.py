"""Kills the process that carries a run, from outside, wherever it stands between an effect and its record.

Another process carries on by the commands that a person would type. What then happened is counted where it happened.
"""

import shutil

import pytest

from tests.crash.forks import until
from tests.crash.installation import ONCE_EACH, Scene

pytestmark = pytest.mark.crash

STEPS = ("intended", "called", "recorded")
OF_RETRAIN = ("training", "candidate")
OF_PROMOTE = ("release", "version", "champion", "previous")
TO_TRAIN = [
    "decision.recorded",
    "thread.seeded",
    "money.reserved",
    *(f"{effect}.{step}" for effect in OF_RETRAIN for step in STEPS),
]
TO_ASK = ["validation.judged", "validation.recorded", "approval.sealed", "approval.opened"]
TO_PROMOTE = [
    "answer.recorded",
    *(f"{effect}.{step}" for effect in OF_PROMOTE for step in STEPS),
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


def test_our_own_adapters_hold_even_without_once(site):
    """Not a row, not a look of `once` for any effect, killed after each of them: nothing happens twice all the same.

    Each of our adapters looks in the act itself. The job's folder and the file lock in it are named by the key; the
    versions and the release's run carry the key as a tag; an alias is compared before it is moved. So with these
    adapters `once` is the second line, and what it adds shows only where that look fails: see the tests below.
    """
    scene, without = site.scene("shipped"), (*OF_RETRAIN, *OF_PROMOTE)
    for effect in without:
        scene.kill_at(f"{effect}.called", "live_otherwise", without, "as_shipped")
    scene.start("live_otherwise", scene.model, "nowhere", "", without, "as_shipped").end()
    assert scene.happened() == ONCE_EACH


@with_and_without
@pytest.mark.parametrize(("kind", "effect"), [("candidate", "candidates"), ("version", "new versions")])
def test_our_own_registry_needs_once_where_it_does_not_see(site, kind, effect, once):
    """MLflow's adapter as shipped, less its look by key: `retrain` would register twice, and so would `promote`."""
    scene = site.scene(f"unseeing-{kind}-{once}")
    without = [] if once else [kind]
    scene.kill_at(f"{kind}.recorded", "live_otherwise", without, "unseeing")
    scene.start("live_otherwise", scene.model, "nowhere", "", without, "unseeing").end()
    assert_only_once_counts_one(scene, effect, once)


@with_and_without
def test_a_job_system_that_forgets_needs_once(site, once):
    """The local pipeline as shipped, whose folder for the job is gone when it is asked again."""
    scene = site.scene(f"forgets-{once}")
    without = [] if once else ["training"]
    scene.kill_at("training.recorded", "live_otherwise", without, "as_shipped")
    job = site.root / "home" / "jobs" / f"{scene.model}.{scene.run()}"
    until(lambda: (job / "done.json").exists(), "the end of the job")
    shutil.rmtree(job)
    scene.start("live_otherwise", scene.model, "nowhere", "", without, "as_shipped").end()
    assert_only_once_counts_one(scene, "executions of the training command", once)


@with_and_without
@pytest.mark.parametrize(
    ("kind", "effect"),
    [("training", "executions of the training command"), ("candidate", "candidates"), ("release", "releases")],
)
def test_hands_that_do_not_look_need_once(site, kind, effect, once):
    scene = site.scene(f"eager-{kind}-{once}")
    without = [] if once else [kind]
    scene.kill_at(f"{kind}.called", "live_otherwise", without, "eager")
    scene.start("live_otherwise", scene.model, "nowhere", "", without, "eager").end()
    assert_only_once_counts_one(scene, effect, once)


def assert_only_once_counts_one(scene: Scene, effect: str, once: bool) -> None:
    happened = scene.happened()
    assert (happened == ONCE_EACH) is once
    assert (happened[effect] == 1) is once
