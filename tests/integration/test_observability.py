"""promtool on what is shipped, and a real Prometheus that scrapes a real `autopilot serve`."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
import yaml

from autopilot.words import rfc3339
from checkpoints.ledger.tokens import Tokens
from tests.databases import fresh_database
from tests.deployed import ALERTS, ALERTS_TEST, PAGE, ROOT, questions
from tests.house import BROKEN, MODEL, house
from tests.prometheus_servers import HOW, free_port, prometheus, running
from tests.scraping import answered
from tests.serving import FILE, serving


@pytest.fixture(scope="session")
def promtool(lacking):
    """Give up where it is missing."""
    if not shutil.which("promtool"):
        lacking("promtool", "apt-get install prometheus")

    def run(*arguments: str | Path, given: str = "") -> str:
        done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, text=True, cwd=ALERTS.parent)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_the_alerts_are_rules(promtool):
    assert "SUCCESS" in promtool("check", "rules", ALERTS)


def test_each_alert_fires_when_it_should_and_not_else(promtool):
    assert "SUCCESS" in promtool("test", "rules", ALERTS_TEST)


def test_what_the_dashboard_asks_are_questions(promtool, tmp_path):
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(questions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "panels.yml")


def test_the_way_to_a_dead_mans_switch_is_a_route(lacking, tmp_path):
    if not shutil.which("amtool"):
        lacking("amtool", "apt-get install prometheus-alertmanager")
    document = shown("route")
    names = {document["route"]["receiver"], *(each["receiver"] for each in document["route"]["routes"])}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump({**document, "receivers": [{"name": n} for n in names]}))
    done = subprocess.run(["amtool", "check-config", tmp_path / "alertmanager.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def shown(begins: str) -> dict[str, Any]:
    """Return the YAML of docs/observability.md that begins with this key."""
    (found,) = re.findall(rf"```yaml\n( *{begins}:.+?)```", PAGE.read_text(), re.DOTALL)
    document: dict[str, Any] = yaml.safe_load(dedent(found))
    return document


@pytest.fixture
def checked(embedded_postgres, tmp_path):
    """A house whose one check asked its owner about broken data."""
    with house(fresh_database(embedded_postgres), tmp_path) as home:
        home.monitor.evidence = BROKEN
        home.engine.run(MODEL)
        yield home


def test_names_and_help_are_as_prometheus_wants_them(promtool, checked, tmp_path):
    with serving(checked, tmp_path) as doors:
        assert promtool("check", "metrics", given=answered(doors).text) == ""


PATIENCE_S = 120


def test_a_prometheus_scrapes_what_is_served_and_an_alert_fires(prometheus_programs, checked, tmp_path):
    (tmp_path / "autopilot.yaml").write_text(FILE)
    token = Tokens(checked.book.database).make("vera", "viewer", "test", checked.clock.now())
    (tmp_path / "token").write_text(token)
    port, later = free_port(), checked.clock.now() + timedelta(hours=3)
    command = [sys.executable, "-P", "-m", "autopilot", "serve", "--port", str(port), "--log", "json"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": checked.dsn,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "AUTOPILOT_HOME": str(tmp_path / "home"),
        "AUTOPILOT_NOW": rfc3339(later),
    }
    with running(command, tmp_path / "serve.log", f"http://127.0.0.1:{port}/healthz", environment):
        assert httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).status_code == 401
        with prometheus(tmp_path, configured(tmp_path, port)) as url:
            rung = until_firing(url, "AutopilotNotChecking")
            assert value(url, 'autopilot_questions_open{kind="data"}') == 1
            assert value(url, 'up{job="autopilot"}') == 1
    assert rung["annotations"]["summary"].startswith("No model was checked for 3h 0m")
    said = [json.loads(line) for line in (tmp_path / "serve.log").read_text().splitlines()]
    assert said[0]["message"].startswith(f"serving on http://127.0.0.1:{port}")


def configured(folder: Path, port: int) -> str:
    """The scrape of docs/observability.md, each second, and the alerts without their patience."""
    (job,) = shown("scrape_configs")["scrape_configs"]
    job |= {"scheme": "http", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    job["authorization"]["credentials_file"] = str(folder / "token")
    (folder / "alerts.yml").write_text(re.sub(r"\n +for: \w+", "", ALERTS.read_text()))
    return yaml.safe_dump(
        {"global": {"evaluation_interval": "1s"}, "rule_files": ["alerts.yml"], "scrape_configs": [job]}
    )


def until_firing(url: str, alert: str) -> dict[str, dict[str, str]]:
    for _ in range(10 * PATIENCE_S):
        for found in httpx.get(f"{url}/api/v1/alerts", trust_env=False).json()["data"]["alerts"]:
            if found["labels"]["alertname"] == alert and found["state"] == "firing":
                return found  # type: ignore[no-any-return]
        time.sleep(0.1)
    raise AssertionError(f"{alert} never fires; see {HOW}")


def value(url: str, query: str) -> float:
    (found,) = httpx.get(f"{url}/api/v1/query", params={"query": query}, trust_env=False).json()["data"]["result"]
    return float(found["value"][1])
