"""Kills −9 a worker in the middle of its work; another takes it up without being told, and nothing happens twice."""

import os
import signal

import psycopg
import pytest

from checkpoints.database import Database
from checkpoints.queue.place import Queue
from tests.crash.forks import until
from tests.crash.installation import ONCE_EACH, Scene

pytestmark = pytest.mark.crash


@pytest.fixture
def scene(site, request):
    built = site.scene(f"worked-{request.node.callspec.params['point']}")
    file = built.folder / "autopilot.yaml"
    file.write_text(file.read_text().replace("defaults:\n", 'defaults:\n  schedule: "0 * * * *"\n'))
    return built


def column(scene: Scene, name: str) -> object:
    """Return a column of the model's acting run, or None while there is no such run."""
    found = scene.site.ledger.execute(
        f"select {name} from autopilot.runs where model = %s and action = 'retrain'", (scene.model,)
    ).fetchone()
    return found[0] if found else None


def killed_at(scene: Scene, point: str, after_answer: bool) -> None:
    marker = scene.folder / "here"
    process = scene.start("work", scene.model, point, str(marker))
    if after_answer:
        until(lambda: column(scene, "status") == "awaiting_approval", "the question")
        assert scene.start("take", scene.run(), "ana").end() == 0
    until(lambda: marker.exists() or process.ended(), point)
    assert marker.exists(), process.said()
    process.kill(int(marker.read_text()))
    marker.unlink()


def presumed_dead(scene: Scene) -> None:
    """Let the time go by after which a worker that is not heard of is dead, and have it looked at."""
    scene.site.ledger.execute("update queue.procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    database = Database(scene.site.found.ledger)
    Queue(database).put("upkeep", "sweep", "sweep", {"timestamp": 0})
    database.close()


@pytest.mark.parametrize("point", ["decision.recorded", "training.called", "validation.recorded", "champion.called"])
def test_another_worker_carries_on(scene, point):
    answered = point == "champion.called"
    killed_at(scene, point, answered)
    presumed_dead(scene)
    worker = scene.start("command", "work")
    if not answered:
        until(lambda: column(scene, "status") == "awaiting_approval", "the question")
        assert scene.start("take", scene.run(), "ana").end() == 0
    until(lambda: column(scene, "outcome") == "promoted" or worker.ended(), "the promotion")
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.end() == 0, worker.said()
    assert scene.happened() == ONCE_EACH
    assert checks(scene.site.ledger, scene.model) == 1


def checks(ledger: "psycopg.Connection[tuple[int]]", model: str) -> int:
    """Count the decisions of the model: one tick, one decision."""
    row = ledger.execute("select count(*) from autopilot.decisions where model = %s", (model,)).fetchone()
    assert row
    return row[0]
