"""Doctor finds what is wrong by trying it, on a real database of its own."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
import yaml

from autopilot import settings as configured
from autopilot.doctor import examine, lines
from autopilot.init import write
from autopilot.stores import Stores, embedded, stores
from checkpoints.database import LEDGER_SCHEMA
from checkpoints.provision import TRAINER
from graph.model import Json
from tests.conformance.remote_systems import SECRETS, jenkins
from tests.fakes.jenkins_server import JOB
from tests.unit.autopilot.logs import parquet, rows, without
from tools.registry.words import TRAINING

NOW = "2026-01-05T00:00:00Z"
LOG = rows(days=4, a_day=300)


@pytest.fixture(scope="module")
def home(mlflow_environment: None) -> Iterator[Path]:
    """A home that doctor itself made, once for this module: short for its socket, open for the server's account."""
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    folder.chmod(0o755)
    try:
        first = found(folder / "home")
        assert [what for what, finding in first.items() if finding["state"] == "failed"] == ["configuration"]
        # Held from here on, so that the server is not stopped and started between the tests.
        with embedded(settings(folder / "home")).lease():
            yield folder / "home"
    finally:
        embedded(settings(folder / "home")).destroy()
        shutil.rmtree(folder)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a log, a training script and a file that describes them."""
    parquet(tmp_path / "log.parquet", LOG)
    (tmp_path / "train.py").touch()
    at = Path.cwd()
    os.chdir(tmp_path)
    try:
        write("log.parquet", "fraud", "autopilot.yaml", ask=False)
    finally:
        os.chdir(at)
    return tmp_path


def settings(home: Path, clone: Path | None = None, **environment: str) -> configured.Settings:
    """Return settings with this home, and nothing of the shell that runs the tests but where programs are."""
    given = {"AUTOPILOT_HOME": str(home), "PATH": os.environ["PATH"], "AUTOPILOT_NOW": NOW, **environment}
    return configured.load(given, config=str((clone or home) / "autopilot.yaml"))


def found(home: Path, clone: Path | None = None, **environment: str) -> dict[str, Json]:
    """Return the findings by what they are about."""
    findings = examine(settings(home, clone, **environment))
    return {finding["what"]: finding for finding in findings}


def edited(clone: Path, before: str, after: str) -> Path:
    file = clone / "autopilot.yaml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    return clone


def at_home(home: Path) -> Stores:
    with stores(settings(home)) as open_stores:
        return open_stores


def as_owner(home: Path, statement: str) -> None:
    """Run a statement as the superuser on MLflow's database."""
    cluster = embedded(settings(home))
    with psycopg.connect(cluster.dsn("mlflow"), autocommit=True) as connection:
        connection.execute(statement.encode())


def test_all_is_well_on_a_home_that_doctor_made(home, clone):
    seen = found(home, clone)
    assert {what: finding["state"] for what, finding in seen.items() if finding["state"] != "ok"} == {
        "clock": "warning"
    }
    assert seen["database"]["detail"].startswith("embedded Postgres in")
    assert seen["training login"]["detail"].startswith("tried: it can move no alias")
    assert seen["registry of fraud"]["detail"] == "no champion yet"
    assert "newest row 2026-01-04 23:55Z" in seen["log of fraud"]["detail"]
    text = lines(list(seen.values()))
    assert text.count("✓") == len(seen) - 1
    assert "    → leave out --now" in text


def test_nothing_secret_is_said(home, clone):
    text = lines(
        list(found(home, clone, LANGSMITH_API_KEY="lsv2_secret", LANGSMITH_ENDPOINT="http://127.0.0.1:9").values())
    )
    secrets = [*(home / "logins.json").read_text().split('"')[3::4], "lsv2_secret"]
    assert len(secrets) == 5
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("insert on registered_model_aliases", "move an alias"),
        ("delete on runs", "delete runs"),
    ],
)
def test_a_training_login_with_a_right_too_many_is_found_out(home, clone, right, said):
    as_owner(home, f"grant {right} to {TRAINER}")
    try:
        seen = found(home, clone)["training login"]
    finally:
        as_owner(home, f"revoke {right} from {TRAINER}")
    assert (seen["state"], seen["detail"]) == ("failed", f"it can {said}")
    assert found(home, clone)["training login"]["state"] == "ok"


def test_trying_leaves_nothing_behind(home, clone):
    as_owner(home, f"grant insert, delete on registered_model_aliases, registered_models, runs to {TRAINER}")
    as_owner(home, f"alter role {TRAINER} bypassrls")
    try:
        seen = found(home, clone)["training login"]
    finally:
        as_owner(home, f"alter role {TRAINER} nobypassrls")
        as_owner(home, f"revoke delete on registered_model_aliases, registered_models, runs from {TRAINER}")
        as_owner(home, f"revoke insert on registered_model_aliases from {TRAINER}")
    assert seen["detail"] == "it can move an alias, register a model that is served, delete runs"
    with psycopg.connect(embedded(settings(home)).dsn("mlflow")) as connection:
        left = connection.execute("select count(*) from registered_models where name = 'autopilot-doctor'").fetchone()
    assert left == (0,)


def test_a_training_login_that_gets_into_our_database_is_found_out(home, clone):
    as_owner(home, f"grant connect on database autopilot to {TRAINER}")
    try:
        seen = found(home, clone)["training login"]
    finally:
        as_owner(home, f"revoke connect on database autopilot from {TRAINER}")
    assert seen["detail"] == "it can read our own database"


def test_a_home_that_was_moved_is_noticed_before_its_approvals_are_void(home, clone):
    kept = f"where name = '{TRAINING}'"
    as_owner(home, f"update experiments set artifact_location = '/elsewhere' || artifact_location {kept}")
    try:
        seen = found(home, clone)["registry"]
    finally:
        as_owner(home, f"update experiments set artifact_location = substr(artifact_location, 11) {kept}")
    assert (seen["state"], "keeps its artifacts at /elsewhere" in seen["detail"]) == ("failed", True)
    assert "registry" not in found(home, clone)


def test_one_login_for_everything_is_warned_of(home, clone, tmp_path):
    seen = found(home, clone, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/mlflow.db")
    assert seen["training login"]["state"] == "warning"
    assert "AUTOPILOT_TRAINER_TRACKING_URI" in seen["training login"]["hint"]


def test_another_schema_is_said_with_the_command_that_fixes_it(home, clone):
    ledger = at_home(home).ledger
    with psycopg.connect(ledger, autocommit=True) as connection:
        connection.execute(f"insert into {LEDGER_SCHEMA}.migrations (number, name) values (9999, 'later')".encode())
    try:
        seen = found(home, clone)
    finally:
        with psycopg.connect(ledger, autocommit=True) as connection:
            connection.execute(f"delete from {LEDGER_SCHEMA}.migrations where number = 9999".encode())
    assert seen["database"]["state"] == "failed"
    assert "newer than this release's" in seen["database"]["detail"]
    assert "tracing" in seen  # the other parts are still looked at


def test_a_database_that_does_not_answer(home, clone):
    seen = found(home, clone, DATABASE_URL="postgresql://me:hush@127.0.0.1:9/none")
    assert seen["database"]["state"] == "failed"
    assert "hush" not in lines(list(seen.values()))


def test_a_broken_file_keeps_nothing_else_from_being_looked_at(home, clone):
    seen = found(home, edited(clone, "task: binary_classification", "task: poetry"))
    assert seen["configuration"]["state"] == "failed"
    assert "models.fraud.task" in seen["configuration"]["detail"]
    assert seen["training login"]["state"] == "ok"
    assert "log of fraud" not in seen


@pytest.mark.parametrize(
    ("before", "after", "what", "state", "detail"),
    [
        ("[python, train.py]", "[pyton, train.py]", "pipeline of fraud", "failed", "pyton is not a program here"),
        ("[python, train.py]", "[python, other.py]", "pipeline of fraud", "failed", "other.py is not in"),
        ("kind: local", "kind: local\n      cwd: nowhere", "pipeline of fraud", "failed", "is no folder"),
        ("[amount, ", "[amout, ", "log of fraud", "failed", "has no column amout"),
        ("timestamp: event_time", "timestamp: merchant", "log of fraud", "failed", "not times"),
        ("prediction: score", "prediction: merchant", "log of fraud", "failed", "where scores were expected"),
        ("prediction: score", "prediction: p", "log of fraud", "warning", "no column p"),
        ("source: log.parquet", "source: nowhere/*.csv", "log of fraud", "failed", "no file matches"),
        (
            "label: is_fraud",
            "label: is_fraud\n        source: late/*.csv\n        id: x",
            "log of fraud",
            "warning",
            "no label",
        ),
    ],
)
def test_what_the_file_names_is_tried(home, clone, before, after, what, state, detail):
    seen = found(home, edited(clone, before, after))[what]
    assert seen["state"] == state
    assert detail in seen["detail"]
    assert seen["hint"]


def elsewhere(clone: Path, url: str) -> Path:
    """Let the model be trained by a Jenkins at this address."""
    file = clone / "autopilot.yaml"
    document = yaml.safe_load(file.read_text("utf-8"))
    document["models"]["fraud"]["pipeline"] = {"kind": "jenkins", "url": url, "job": JOB}
    file.write_text(yaml.safe_dump(document), "utf-8")
    return clone


def test_a_system_that_trains_elsewhere_is_looked_over(home, clone):
    login = {"AUTOPILOT_JENKINS_USER": "robot", "AUTOPILOT_JENKINS_TOKEN": SECRETS[0]}
    with jenkins() as system:
        findings = examine(settings(home, elsewhere(clone, system.server.url), **login))
        seen = [each for each in findings if each["what"] == "pipeline of fraud"]
        assert {each["state"] for each in seen} == {"ok"}
        assert seen[0]["detail"].startswith(f"Jenkins 2.541.2 at {system.server.url} shows {JOB}, enabled")
        assert {request.method for request in system.server.asked} == {"GET"}
        login["AUTOPILOT_JENKINS_TOKEN"] = "another"
        assert "401 Unauthorized" in found(home, clone, **login)["pipeline of fraud"]["detail"]
    lacking = found(home, clone)["pipeline of fraud"]
    assert (lacking["state"], lacking["hint"]) == ("failed", "set it and its token")


def test_labels_of_their_own_are_tried_too(home, clone):
    parquet(clone / "log.parquet", without(LOG, "is_fraud"))
    parquet(clone / "labels" / "a.parquet", [{"id": "p000001", "truth": "maybe"}])
    edited(clone, "label: is_fraud", "label: truth\n        source: labels\n        id: id")
    seen = found(home, clone)["log of fraud"]
    assert seen["state"] == "failed"
    assert "column truth" in seen["detail"]


def test_a_log_that_is_no_longer_written(home, clone):
    seen = found(home, clone, AUTOPILOT_NOW="2026-01-20T00:00:00Z")["log of fraud"]
    assert seen["state"] == "warning"
    assert "still written" in seen["hint"]


def test_a_home_that_is_open_to_others(home, clone):
    home.chmod(0o755)
    (home / "logins.json").chmod(0o644)
    try:
        findings = [each for each in examine(settings(home, clone)) if each["what"] == "home"]
    finally:
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (home / "logins.json").chmod(0o600)
    assert [each["state"] for each in findings] == ["failed", "failed"]
    assert "mode 0755" in findings[0]["detail"]
    assert findings[1]["hint"] == f"chmod go-rwx {home / 'logins.json'}"


class LangSmith(BaseHTTPRequestHandler):
    """Answers as LangSmith would, and keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    status = 200

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("x-api-key")))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def langsmith() -> Iterator[str]:
    LangSmith.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), LangSmith)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (401, "warning"), (500, "warning")])
def test_the_tracing_key_is_tried(home, langsmith, status, state):
    LangSmith.status = status
    seen = found(home, LANGSMITH_API_KEY="key", LANGSMITH_ENDPOINT=langsmith)["tracing"]
    assert seen["state"] == state
    assert LangSmith.asked == [("/sessions?limit=1", "key")]


def test_without_a_key_or_switched_off_nothing_is_asked(home, langsmith):
    found(home, LANGSMITH_ENDPOINT=langsmith)
    found(home, LANGSMITH_API_KEY="key", LANGSMITH_TRACING="false", LANGSMITH_ENDPOINT=langsmith)
    assert LangSmith.asked == []


def test_findings_are_one_line_each_whatever_they_say():
    text = lines([{"what": "log", "state": "failed", "detail": "two\nlines\x1b[2J", "hint": "do\nthis"}])
    assert text == "✗ log: two lines�[2J\n    → do this"
