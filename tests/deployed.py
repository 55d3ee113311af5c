"""What is shipped for Prometheus and Grafana: its rules and the questions of its panels."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
ALERTS_TEST = ALERTS.with_name("alerts_test.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "autopilot.json"
PAGE = ROOT / "docs" / "observability.md"
METRIC = re.compile(r"\bautopilot_[a-z_]+")
MATCHER = re.compile(r"(autopilot_[a-z_]+)\{([a-z_]+)=~?\"([^\"]+)\"\}")


def alerts() -> list[dict[str, Any]]:
    """Return every alert."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Return what Grafana imports."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def panels() -> list[dict[str, Any]]:
    """Return every panel that asks something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def questions() -> list[str]:
    """Return every expression of the dashboard, with what Grafana puts in for its variables."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [each.replace("$__rate_interval", "5m") for each in asked]
