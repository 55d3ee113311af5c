"""What training and the evaluation are given: their own door and nothing else, whatever lies in our environment."""

import json
import sys
from pathlib import Path

import psycopg
import pytest

from tests.acceptance import fraud
from tests.acceptance.desk import Desk, Forge
from tests.acceptance.stage import EARLY

MODEL = "watched"
SECRETS = {
    "OPENAI_API_KEY": "sk-planted-openai",
    "LANGSMITH_API_KEY": "lsv2-planted-langsmith",
    "AWS_SECRET_ACCESS_KEY": "planted-aws",
    "PGPASSWORD": "planted-postgres",
    "OUR_DATABASE_URL": "postgresql://autopilot:planted-url@db.example.com/autopilot",
    "MLFLOW_TRACKING_PASSWORD": "planted-mlflow",
    "SOME_TOKEN": "planted-token",
}
NO_TRACING = {"LANGSMITH_TRACING": "false"}
NOTE = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w')); "
TRAIN = NOTE + "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
MEASURE = NOTE + "print(json.dumps({'profit': 1.0}))"
CONTRACT = {"MODEL", "RUN", "KEY", "TRAIN_FROM", "TRAIN_UNTIL", "EXCLUDE"}


@pytest.fixture(scope="module")
def environments(
    forge: Forge, home: Path, quiet: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """The environments of both children of a run that was started among secrets."""
    desk = Desk(forge, home, tmp_path_factory.mktemp("watched"), {**SECRETS, **NO_TRACING})
    entry = fraud.entry(MODEL, str(quiet), validation={"max_latency_ms": None, "minimum": {"roc_auc": 0.75}})
    seen = {child: desk.folder / f"{child}.json" for child in ("training", "evaluation")}
    entry["pipeline"]["command"] = ["python", "-c", TRAIN, str(seen["training"]), *entry["pipeline"]["command"][1:]]
    entry["validation"]["metric_command"] = [sys.executable, "-c", MEASURE, str(seen["evaluation"])]
    entry["validation"]["minimum"]["profit"] = 0.5
    desk.write({**fraud.example(), "models": {MODEL: entry}})
    run = desk.ask("run", MODEL, "--wait", "--now", EARLY, code=3)
    assert "minimum:profit" in [check["name"] for check in run["checks"]]
    return {child: json.loads(file.read_text()) for child, file in seen.items()}


@pytest.mark.parametrize("child", ["training", "evaluation"])
def test_no_secret_of_ours_is_in_a_childs_environment(environments: dict[str, dict[str, str]], home: Path, child: str):
    text = json.dumps(environments[child])
    passwords = json.loads((home / "logins.json").read_text())
    allowed = "autopilot_mlflow_trainer" if child == "training" else None
    assert [name for name, secret in SECRETS.items() if secret in text or name in environments[child]] == []
    assert [role for role, password in passwords.items() if password in text] == ([allowed] if allowed else [])
    assert [name for name, value in environments[child].items() if "postgresql" in value] == (
        ["MLFLOW_TRACKING_URI"] if allowed else []
    )


def test_training_is_given_its_contract(environments: dict[str, dict[str, str]]):
    given = environments["training"]
    assert {name for name in given if name.startswith("AUTOPILOT_")} == {f"AUTOPILOT_{name}" for name in CONTRACT}
    assert given["AUTOPILOT_MODEL"] == MODEL


def test_the_trainers_login_opens_no_other_door(environments: dict[str, dict[str, str]]):
    uri = environments["training"]["MLFLOW_TRACKING_URI"].replace("+psycopg", "", 1)
    with psycopg.connect(uri, autocommit=True) as connection:
        assert connection.execute("select count(*) from model_versions").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into registered_model_aliases values ('champion', 1, %s)", (MODEL,))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(uri, dbname="autopilot").close()
