"""Stopping, letting pass and going back, on a real registry with real jobs."""

from collections.abc import Iterator

import pytest

from tests.acceptance.stage import ENDLESS, GROWN, LATER, NOW, Stage
from tests.acceptance.test_tampering import refused
from tests.local_jobs import lives, until

pytestmark = pytest.mark.timeout(600)


def test_cancel_stops_the_job_and_ends_the_run(stage: Stage):
    run = stage.desk.ask("run", ENDLESS, "--now", NOW, code=4)
    job = stage.desk.home / "jobs" / run["job"]["key"]
    until(lambda: (job / "output.log").exists() and (job / "output.log").read_text().endswith("\n"), "the command")
    pid = int((job / "output.log").read_text())
    assert lives(pid)
    ended = stage.desk.ask("cancel", run["run"], "--as", "ben", "--now", NOW)
    assert (ended["outcome"], ended["job"]["state"], ended["reason"]) == ("cancelled", "cancelled", "cancelled by ben")
    assert not lives(pid)
    assert "cancelled by ben" in stage.desk.type("explain", run["run"]).out
    assert "has ended: cancelled" in refused(stage, run["run"], "ben", verb="cancel")


def test_silence_is_a_deny(stage: Stage):
    run = stage.return_asked()
    ended = stage.desk.ask("resume", run["run"], "--now", LATER)
    assert (ended["outcome"], ended["approval"]["state"]) == ("expired", "expired")
    assert stage.alias(GROWN) == {"champion": "2", "previous": "1"}
    assert "expired" in refused(stage, run["run"], "ana")


@pytest.mark.usefixtures("as_before")
def test_a_return_goes_through_approval_and_comes_back(stage: Stage):
    run = stage.return_asked()
    assert (run["action"], run["champion"], run["challenger"]) == ("rollback", "2", "1")
    assert "failed" in {check["outcome"] for check in run["checks"]}  # which is shown, and a person decides
    assert stage.alias(GROWN) == {"champion": "2", "previous": "1"}
    shown = run["approval"]["fingerprint"]
    ended = stage.desk.ask("approve", run["run"], "--as", "ana", "--now", NOW, "--fingerprint", shown)
    assert ended["outcome"] == "rolled_back"
    assert stage.alias(GROWN) == {"champion": "1", "previous": "2"}
    assert "approved already" in refused(stage, run["run"], "ben", verb="deny")
    assert stage.alias(GROWN) == {"champion": "1", "previous": "2"}
    assert "roc_auc" in stage.desk.type("report", run["run"]).out


@pytest.fixture
def as_before(stage: Stage) -> Iterator[None]:
    """Put the aliases back where other tests expect them."""
    yield
    for alias, version in (("champion", "2"), ("previous", "1")):
        stage.owner("move", GROWN, alias, version)
