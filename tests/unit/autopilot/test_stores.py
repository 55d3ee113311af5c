"""Which MLflow logins a process asks for, by what it can do: those of others are not missed."""

from pathlib import Path

import pytest

from autopilot import settings as configured
from autopilot.capabilities import parse
from autopilot.stores import stores
from graph.errors import Misconfigured

LEDGER = "postgresql://somebody:word@db/autopilot"
OWN = "postgresql+psycopg://own:word@db/mlflow"
RESTRICTED = "postgresql+psycopg://restricted:word@db/mlflow"
SERVER = "https://mlflow.example"


def logged_in(home: Path, can: str, own: str | None, restricted: str | None) -> tuple[str, str]:
    """Return what the process itself logs in with, and what its training scripts are given."""
    given = {"MLFLOW_TRACKING_URI": own or "", "AUTOPILOT_TRAINER_TRACKING_URI": restricted or ""}
    settings = configured.load({"AUTOPILOT_HOME": str(home), "DATABASE_URL": LEDGER, **given})
    with stores(settings, parse(can)) as found:
        assert (found.ledger, found.admin, found.owner) == (LEDGER, None, None)
        return found.registry, found.trainer


@pytest.mark.parametrize(
    ("can", "own", "restricted", "registry", "trainer"),
    [
        ("observe,train,promote", OWN, RESTRICTED, OWN, RESTRICTED),
        ("observe,train,promote", SERVER, None, SERVER, SERVER),
        ("observe", OWN, None, OWN, ""),
        ("observe", OWN, RESTRICTED, OWN, ""),
        ("none", OWN, None, OWN, ""),
        ("promote", OWN, None, OWN, ""),
        ("train", OWN, None, OWN, OWN),
        ("train", None, RESTRICTED, RESTRICTED, RESTRICTED),
        ("train", OWN, RESTRICTED, OWN, RESTRICTED),
        ("observe,train", OWN, None, OWN, OWN),
        ("train,promote", OWN, RESTRICTED, OWN, RESTRICTED),
    ],
)
def test_a_process_takes_the_logins_of_what_it_does(tmp_path, can, own, restricted, registry, trainer):
    assert logged_in(tmp_path / "home", can, own, restricted) == (registry, trainer)


@pytest.mark.parametrize("can", ["observe,train,promote", "train,promote"])
def test_training_is_never_given_a_login_that_promotes(tmp_path, can):
    with pytest.raises(Misconfigured, match="training would be given the one that promotes"):
        logged_in(tmp_path / "home", can, OWN, None)


@pytest.mark.parametrize(("can", "restricted"), [("observe", None), ("promote", RESTRICTED), ("none", None)])
def test_a_process_that_does_only_a_part_is_told_which_login_it_lacks(tmp_path, can, restricted):
    with pytest.raises(Misconfigured) as refused:
        logged_in(tmp_path / "home", can, None, restricted)
    assert "MLFLOW_TRACKING_URI is not set" in refused.value.message
    assert "autopilot db roles" in refused.value.hint
    assert not (tmp_path / "home" / "logins.json").exists()
