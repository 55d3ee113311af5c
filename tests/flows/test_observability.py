"""What is shipped for Prometheus and Grafana, and the page about it, speak of what /metrics shows, and of all of it."""

import re

import pytest

from graph.policy.restraint import BUDGET_RULES
from tests.deployed import ALERTS_TEST, MATCHER, METRIC, PAGE, alerts, dashboard, panels, questions
from tests.scraping import Scrape, scrape
from tests.serving import FILE, serving

WHOLE = "channels: {slack: {channel: C0123456789}}\nbudget: {amount: 100, currency: EUR, per: 30d}\n" + FILE.replace(
    'command: ["true"]', 'command: ["true"], cost: {per_run: 30, currency: EUR}'
)


@pytest.fixture
def seen(home, tmp_path) -> Scrape:
    """A scrape in which everything is to be seen that there may be."""
    with serving(home, tmp_path, {"slack": lambda: None}, text=WHOLE) as doors:  # type: ignore[dict-item, return-value]
        return scrape(doors)


def used(expressions) -> set[str]:
    return {name for each in expressions for name in METRIC.findall(each)}


def test_every_number_that_is_used_is_shown(seen):
    assert used(each["expr"] for each in alerts()) - seen.names == set()
    assert used(questions()) - seen.names == set()


def test_every_number_is_on_the_dashboard(seen):
    assert seen.names - used(questions()) == set()


def test_every_number_is_explained_and_no_other(seen):
    table = re.findall(r"^\| `(autopilot_[a-z_]+)(?:\{([a-z_, ]+)\})?` \|", PAGE.read_text(), re.MULTILINE)
    assert {name for name, _ in table} == seen.names
    labels = {each.name: set(each.labels) for each in seen.samples}
    for name, given in table:
        # One that nobody has raised yet has no series to compare with.
        assert name not in labels or labels[name] == set(given.split(", ")) - {""}, name


def test_labels_that_are_asked_for_have_these_values(seen):
    rules = {step.name for step in BUDGET_RULES}
    for expression in [*(each["expr"] for each in alerts()), *questions()]:
        for name, label, values in MATCHER.findall(expression):
            shown = rules if label == "rule" else {each.labels.get(label) for each in seen.samples if each.name == name}
            assert set(values.split("|")) <= shown, expression


def test_every_alert_has_its_section_and_its_test():
    names = [each["alert"] for each in alerts()]
    sections = re.findall(r"^### (Autopilot\w+)$", PAGE.read_text(), re.MULTILINE)
    assert sections == names
    for each in alerts():
        assert each["annotations"]["runbook"] == f"docs/observability.md#{each['alert'].lower()}"
        assert each["labels"]["severity"] in ("none", "info", "warning", "critical")
    rung = re.findall(r"alertname: (\w+)\n +exp_alerts:", ALERTS_TEST.read_text())
    assert set(rung) == set(names)


def test_every_section_says_what_it_means_and_what_to_do():
    text = PAGE.read_text()
    for each in alerts():
        section = text.partition(f"### {each['alert']}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
        assert re.search(r"^\*\*Means\.\*\* .+^\*\*Do\.\*\* ", section, re.MULTILINE | re.DOTALL), each["alert"]


def test_panels_do_not_lie_over_each_other_and_say_their_unit():
    cells: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not own & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        assert panel["type"] == "row" or panel["fieldConfig"]["defaults"]["unit"]
        cells |= own
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


def test_every_panel_asks_the_prometheus_that_is_chosen():
    (chosen,) = dashboard()["templating"]["list"]
    assert (chosen["type"], chosen["query"]) == ("datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": f"${{{chosen['name']}}}"}
    for panel in panels():
        assert [panel["datasource"], *(each["datasource"] for each in panel["targets"])].count(wanted) == 1 + len(
            panel["targets"]
        )
        assert len({each["refId"] for each in panel["targets"]}) == len(panel["targets"]), panel["title"]
