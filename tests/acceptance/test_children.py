"""What training and the evaluation are given: their own door and nothing else, whatever lies in our environment."""

import json

import psycopg
import pytest

from tests.acceptance.stage import GROWN, SECRETS, Stage

pytestmark = pytest.mark.timeout(600)

CONTRACT = {"MODEL", "RUN", "KEY", "TRAIN_FROM", "TRAIN_UNTIL", "EXCLUDE"}
TRAINER = "autopilot_mlflow_trainer"


@pytest.mark.parametrize(("child", "logins"), [("training", [TRAINER]), ("evaluation", [])])
def test_no_secret_of_ours_is_in_a_childs_environment(stage: Stage, child: str, logins: list[str]):
    given = stage.environment(child)
    text = json.dumps(given)
    passwords = json.loads((stage.desk.home / "logins.json").read_text())
    assert [name for name, secret in SECRETS.items() if secret in text or name in given] == []
    assert [login for login, password in passwords.items() if password in text] == logins
    assert [name for name, value in given.items() if "postgres" in value] == ["MLFLOW_TRACKING_URI"] * len(logins)


def test_training_is_given_its_contract(stage: Stage):
    given = stage.environment("training")
    assert {name for name in given if name.startswith("AUTOPILOT_")} == {f"AUTOPILOT_{name}" for name in CONTRACT}
    assert given["AUTOPILOT_MODEL"] == GROWN


def test_the_trainers_login_opens_no_other_door(stage: Stage):
    uri = stage.environment("training")["MLFLOW_TRACKING_URI"].replace("+psycopg", "", 1)
    with psycopg.connect(uri, autocommit=True) as connection:
        assert connection.execute("select count(*) from model_versions").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into registered_model_aliases values ('champion', 1, %s)", (GROWN,))
        changed = connection.execute("update model_versions set source = '/tmp' where name = %s", (GROWN,))
        assert changed.rowcount == 0
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(uri, dbname="autopilot").close()
