"""What was approved is what serves: whatever changes on the way voids the approval, and `explain` says why."""

import pytest

from tests.acceptance.stage import GROWN, NOW, OVERWRITTEN, REPLACED, Stage

pytestmark = pytest.mark.timeout(600)


def refused(stage: Stage, run: str, person: str, *words: str, verb: str = "approve") -> str:
    """Answer, and return the reason of the refusal."""
    error = stage.desk.ask(verb, run, "--as", person, "--now", NOW, *words, code=5)["error"]
    assert error["kind"] == "refused"
    message: str = error["message"]
    return message


def test_only_an_approver_who_did_not_ask_may_answer_to_what_is_shown(stage: Stage):
    run = stage.waiting[OVERWRITTEN]
    assert "mallory is not an approver" in refused(stage, run, "mallory")
    assert "ana asked for run" in refused(stage, run, "ana")
    assert "the fingerprint of run" in refused(stage, run, "ben", "--fingerprint", "0" * 64)
    assert stage.desk.ask("explain", run)["approval"]["state"] == "pending"


@pytest.mark.parametrize(("model", "verb"), [(OVERWRITTEN, "overwrite"), (REPLACED, "replace")])
def test_a_candidate_changed_after_validation_is_not_promoted(stage: Stage, model: str, verb: str):
    run = stage.waiting[model]
    stage.owner(verb, f"{model}-candidates", "1")
    assert "the challenger's bytes changed" in refused(stage, run, "ben")
    assert stage.alias(model) == {"champion": "1"}
    told = stage.desk.ask("explain", run)
    assert (told["outcome"], told["approval"]["state"], told["promotion"]) == ("voided", "voided", None)
    assert "the challenger's bytes changed" in stage.desk.type("explain", run).out
    assert "voided already" in refused(stage, run, "ben")


def test_a_candidate_changed_after_promotion_does_not_reach_the_champion(stage: Stage):
    before = stage.owner("served", GROWN)
    stage.owner("overwrite", f"{GROWN}-candidates", "2")
    assert stage.owner("served", GROWN) == before


def test_a_champion_moved_by_hand_voids_what_waits(stage: Stage):
    run = stage.return_asked()["run"]
    stage.owner("move", GROWN, "champion", "1")
    try:
        assert "the champion alias moved from 2 to 1" in refused(stage, run, "ana")
    finally:
        stage.owner("move", GROWN, "champion", "2")
    assert stage.desk.ask("explain", run)["outcome"] == "voided"
    assert "the champion alias moved from 2 to 1" in stage.desk.type("explain", run).out


def test_a_changed_policy_voids_what_waits(stage: Stage):
    run = stage.return_asked()["run"]
    written = stage.desk.read()
    written["models"][GROWN]["policy"]["max_drop"] = 0.5
    changed = stage.desk.folder / "changed.yaml"
    stage.desk.write(written, changed)
    assert "policy in autopilot.yaml changed" in refused(stage, run, "ana", "--config", str(changed))
    assert stage.desk.ask("explain", run)["outcome"] == "voided"
    assert "policy in autopilot.yaml changed" in stage.desk.type("explain", run).out
