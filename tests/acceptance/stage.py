"""A stage for people's answers: payments on which fraudsters changed, and models that wait for an answer.

Every command is typed in an environment full of secrets, and two children of GROWN note what theirs holds.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from tests.acceptance import fraud
from tests.acceptance.desk import Desk

WORLD = "concept_change"
EARLY, NOW, LATER = "2026-02-08T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z"
"""A quiet day, three weeks into the change, and when a request of then has expired."""
GROWN, OVERWRITTEN, REPLACED, ENDLESS = "grown", "overwritten", "replaced", "endless"
OWNER = "tests.acceptance.owner"
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
_NOTE = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w')); "
_NOTE_AND_TRAIN = _NOTE + "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
_NOTE_AND_MEASURE = _NOTE + "print(json.dumps({'profit': 1.0}))"
_ENDLESS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


@dataclass(frozen=True)
class Stage:
    """The models, and the runs that were asked for by ana and wait for ben."""

    desk: Desk
    waiting: dict[str, str]

    def environment(self, child: str) -> dict[str, str]:
        """Return what the `training` or the `evaluation` child of GROWN was given."""
        found: dict[str, str] = json.loads((self.desk.folder / f"{child}.json").read_text())
        return found

    def alias(self, model: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.owner("aliases", model))
        return found

    def owner(self, *words: str) -> str:
        said = self.desk.call(OWNER, *words)
        assert said.code == 0, said.err
        return said.out.strip()

    def promote(self, model: str, now: str) -> Any:
        """Check, train, approve."""
        run = self.desk.ask("run", model, "--wait", "--now", now, code=3)
        return self.desk.ask("approve", run["run"], "--as", "ana", "--now", now)

    def return_asked(self) -> Any:
        """Ask for the previous champion of GROWN."""
        return self.desk.ask("rollback", GROWN, "--as", "ben", "--now", NOW, code=3)


def set_up(desk: Desk) -> Stage:
    """Build it. GROWN was never in production before Autopilot; it is promoted twice here."""
    desk = desk.with_environment(**SECRETS, **NO_TRACING).with_forked_children()
    changed = {"approval": {"approvers": ["ana", "ben"]}, "validation": {"max_latency_ms": None}}
    models = {name: fraud.entry(name, WORLD, **changed) for name in (GROWN, OVERWRITTEN, REPLACED, ENDLESS)}
    models[ENDLESS]["pipeline"]["command"] = ["python", "-c", _ENDLESS]
    seen = {child: str(desk.folder / f"{child}.json") for child in ("training", "evaluation")}
    train = models[GROWN]["pipeline"]["command"][1:]
    models[GROWN]["pipeline"]["command"] = ["python", "-c", _NOTE_AND_TRAIN, seen["training"], *train]
    models[GROWN]["validation"]["metric_command"] = [sys.executable, "-c", _NOTE_AND_MEASURE, seen["evaluation"]]
    models[GROWN]["validation"]["minimum"] = {"roc_auc": 0.75, "profit": 0.5}
    desk.write({**fraud.example(), "models": models})
    fraud.build(desk, WORLD, WORLD)
    fraud.make_champions(desk, WORLD, OVERWRITTEN, REPLACED, ENDLESS)
    # Started and left alone: the two train while others are looked after.
    waiting = {
        name: desk.ask("run", name, "--as", "ana", "--now", NOW, code=4)["run"] for name in (OVERWRITTEN, REPLACED)
    }
    stage = Stage(desk, waiting)
    stage.promote(GROWN, EARLY)
    stage.promote(GROWN, NOW)
    for run in waiting.values():
        desk.ask("resume", run, "--wait", "--now", NOW, code=3)
    return stage
