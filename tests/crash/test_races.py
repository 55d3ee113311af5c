"""Two processes do the same at once: one effect, one winner, a clear answer to the loser."""

import json
import os

import pytest

from tests.crash import racing
from tests.crash.forks import until
from tests.crash.installation import ONCE_EACH, Scene

pytestmark = pytest.mark.crash

ROUNDS = 50
DENIED = {
    **ONCE_EACH,
    "releases": 0,
    "new versions": 0,
    "moves of aliases": [],
    "promotions": 0,
    "outcome": "denied",
}


@pytest.mark.timeout(600)
def test_fifty_rounds_of_run_resume_and_answer(site):
    models = [f"race-{number}" for number in range(ROUNDS)]
    scene = site.scene(*models)
    for name in ("0", "1"):
        os.mkfifo(scene.folder / name)
    workers = [scene.start("race", side, *models) for side in (0, 1)]
    for worker in workers:
        assert worker.end(limit_s=540) == 0, worker.said()
    told = [_told(worker.said()) for worker in workers]
    wrong = {model: said for n, model in enumerate(models) if (said := _wrong(scene, n, model, told))}
    assert wrong == {}


def _told(output):
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("[")]
    return {(model, act): said for model, act, said in lines}


def _wrong(scene, number, model, told):
    """Return what is not as it should be after this round."""
    ran, resumed, answered = ([said[model, act] for said in told] for act in ("run", "resume", "answer"))
    taken = [racing.answers(number)[side][1] for side in (0, 1) if answered[side] == "taken"]
    refused = [said for said in answered if said.startswith("refused: ") and " already: " in said]
    expected = DENIED if taken == ["deny"] else ONCE_EACH
    happened = scene.happened(model)
    problems = {
        "one run for both": ran == [scene.run(model)] * 2,
        "both see it wait": resumed == ["awaiting_approval"] * 2,
        "one answer taken": len(taken) == 1,
        "one clearly refused": len(refused) == 1,
        "every effect once": happened == expected,
        "the other check waits": _outcomes(scene, model) == sorted([expected["outcome"], "waiting"]),
    }
    return [ran, resumed, answered, happened] if not all(problems.values()) else None


def _outcomes(scene, model):
    rows = scene.site.ledger.execute("select outcome from autopilot.runs where model = %s", (model,)).fetchall()
    return sorted(str(outcome) for (outcome,) in rows)


def together(scene: Scene, *commands):
    """Run the commands as processes of their own, started together; return their exit codes and documents."""
    processes = [scene.start("command", *words, "--json") for words in commands]
    codes = [process.end() for process in processes]
    assert all(process.printed() for process in processes), [process.said() for process in processes]
    return [(code, json.loads(process.printed())) for code, process in zip(codes, processes, strict=True)]


def test_real_processes_run_and_resume(site):
    scene = site.scene("real-run")
    (first, one), (second, other) = together(scene, ("run", "real-run"), ("run", "real-run"))
    assert {first, second} <= {3, 4}
    assert one["run"] == other["run"] == scene.run()
    (first, one), (second, other) = together(scene, *[("resume", one["run"], "--wait")] * 2)
    assert first == second == 3
    assert one["approval"] == other["approval"]
    approved, late = together(scene, *[("approve", scene.run(), "--as", name) for name in ("ana", "ben")])
    _assert_one_was_taken(scene, approved, late)
    assert scene.happened() == ONCE_EACH


@pytest.mark.parametrize("words", [("approve", "deny"), ("deny", "approve")])
def test_real_processes_approve_against_deny(site, words):
    scene = site.scene(f"real-{words[0]}")
    assert scene.command("run", scene.model, "--wait").code == 3
    run = scene.run()
    said = together(scene, (words[0], run, "--as", "ana"), (words[1], run, "--as", "ben"))
    _assert_one_was_taken(scene, *said)
    winner = words[0 if said[0][0] == 0 else 1]
    assert scene.happened() == (ONCE_EACH if winner == "approve" else DENIED)


def _assert_one_was_taken(scene, *said):
    assert sorted(code for code, _ in said) == [0, 5]
    refused = next(document["error"] for code, document in said if code == 5)
    assert refused["kind"] == "refused"
    assert " already: " in refused["message"]


def test_an_answer_that_takes_long_to_look_holds_up_nobody(site):
    """What a promotion of this very run moved meanwhile does not void it, either."""
    scene = site.scene("slow")
    assert scene.command("run", "slow", "--wait").code == 3
    run = scene.run()
    slow, marker = scene.stop_at("looking", "answer_slowly", run, "ben", "approve", ...)
    quick = scene.command("approve", run, "--as", "ana")
    assert quick.code == 0, quick.said()
    marker.unlink()
    assert slow.end() == 5
    assert " already: approved by ana" in slow.said()
    assert scene.happened() == ONCE_EACH


def test_a_cancel_that_comes_too_late_says_so(site):
    scene = site.scene("late-cancel")
    live, marker = scene.stop_at("release.intended", "live", scene.model, "release.intended", ...)
    cancel = scene.start("command", "cancel", scene.run(), "--as", "ana")
    _wait_for_lock(site, cancel)
    marker.unlink()
    assert live.end() == 0, live.said()
    assert cancel.end() == 5
    assert "has ended: promoted" in cancel.said()
    assert scene.happened() == ONCE_EACH
    state = site.ledger.execute("select state from autopilot.approvals where run = %s", (scene.run(),)).fetchone()
    assert state == ("approved",)


def _wait_for_lock(site, process):
    until(
        lambda: process.ended() or site.count(site.ledger, "pg_locks where not granted") > 0, "its wait for the other"
    )
