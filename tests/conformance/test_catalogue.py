"""What belongs to each pipeline, monitor and channel in the catalogue: who adds one is told what is missing."""

import inspect
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from autopilot import schema
from autopilot.people import Person
from tests.conformance.channels import CHANNELS
from tests.conformance.systems import SYSTEMS
from tests.conformance.test_monitor import MONITORS
from tools import catalogue
from tools.approvals.channel import ChannelPart
from tools.fields import Part
from tools.log_part import LogPart
from tools.pipelines.elsewhere import Elsewhere
from tools.plugins import MonitorPart, PipelinePart

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "unit" / "tools"
DOCS = ROOT / "docs"
OURS = [
    *(
        pytest.param(catalogue.pipeline(kind), kind, PipelinePart, id=f"pipeline {kind}")
        for kind in catalogue.PIPELINES
    ),
    *(pytest.param(catalogue.monitor(kind), kind, MonitorPart, id=f"monitor {kind}") for kind in catalogue.MONITORS),
    *(pytest.param(catalogue.channel(kind), kind, ChannelPart, id=f"channel {kind}") for kind in catalogue.CHANNELS),
]
ELSEWHERE = [kind for kind in catalogue.PIPELINES if issubclass(catalogue.pipeline(kind).written, Elsewhere)]


def shapes(plugin) -> list[type[Part]]:
    return [plugin.written, *getattr(plugin, "instead", {}).values()]


@pytest.mark.parametrize("kind", catalogue.PIPELINES)
def test_the_suite_of_the_port_pipeline_runs_on_it(kind):
    here = "tests/conformance/test_pipeline.py has no system for it: add one to SYSTEMS in tests/conformance/systems.py"
    assert kind == "local" or kind in SYSTEMS, here


@pytest.mark.parametrize("kind", catalogue.MONITORS)
def test_the_suite_of_the_port_monitor_runs_on_it_or_it_has_its_own(kind):
    if any(issubclass(shape, LogPart) for shape in shapes(catalogue.monitor(kind))):
        assert kind in MONITORS, "it reads rows: add it to MONITORS in tests/conformance/test_monitor.py"
    else:
        own = TESTS / "monitors" / f"test_{kind}.py"
        assert own.exists(), f"it reads values, which the suite is not about: write {own.relative_to(ROOT)}"


@pytest.mark.parametrize("kind", catalogue.CHANNELS)
def test_the_suite_of_the_port_channel_runs_on_it(kind):
    here = "tests/conformance/test_channel.py has no place for it: add one to CHANNELS in tests/conformance/channels.py"
    assert kind in {name.split()[0] for name in CHANNELS}, here


@pytest.mark.parametrize(("plugin", "kind", "base"), OURS)
def test_its_shape_names_its_kind_and_says_what_it_is(plugin, kind, base):
    for shape in shapes(plugin):
        assert issubclass(shape, base)
        assert inspect.getdoc(shape) != inspect.getdoc(base), "its shape needs a docstring: editors show it"
        named = shape.model_fields.get("kind")
        assert base is ChannelPart or (named and get_args(named.annotation) == (kind,)), f'it needs Literal["{kind}"]'


@pytest.mark.parametrize("kind", catalogue.PIPELINES)
def test_its_jobs_may_run_as_long_as_those_of_any_other(kind):
    assert catalogue.pipeline(kind).written.model_fields["deadline"].default == timedelta(hours=2)


@pytest.mark.parametrize(("plugin", "kind", "base"), OURS)
def test_editors_know_its_fields(plugin, kind, base):
    known = schema.FILE.read_text("utf-8")
    assert [shape for shape in shapes(plugin) if f'"{shape.__name__}": {{' not in known] == [], (
        "write the schema anew: python -m autopilot.schema"
    )


@pytest.mark.parametrize(("plugin", "kind", "base"), OURS)
def test_its_logins_are_variables_that_are_read(plugin, kind, base):
    for login in plugin.logins:
        assert login.startswith(f"AUTOPILOT_{kind.upper()}_"), f"{login} is not called AUTOPILOT_<KIND>_…"
        assert f"{login}=" in (ROOT / ".env.example").read_text("utf-8"), ".env.example says nothing of it"


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_its_owner_is_told_what_to_add_there(kind):
    assert f"kind: {kind}" in (DOCS / "pipelines.md").read_text("utf-8")
    files = [file.name.lower() for file in (ROOT / "examples" / "pipelines").iterdir()]
    assert [name for name in files if name.startswith(kind)], f"examples/pipelines/ has no {kind}… to copy"


@pytest.mark.parametrize("kind", catalogue.MONITORS)
def test_its_owner_is_told_what_it_reads(kind):
    page = (DOCS / "monitors.md").read_text("utf-8")
    assert f"\n| `{kind}` " in page, "docs/monitors.md has no row for it in its first table"
    assert [login for login in catalogue.monitor(kind).logins if f"`{login}`" not in page] == []


@pytest.mark.parametrize("kind", catalogue.CHANNELS)
def test_its_owner_is_told_what_to_set_up_there(kind):
    plugin, page = catalogue.channel(kind), DOCS / f"{kind}.md"
    assert page.exists(), f"write docs/{kind}.md: what to make there, its fields, its logins, what people see"
    names = [*plugin.written.model_fields, *plugin.logins]
    assert [name for name in names if f"`{name}" not in page.read_text("utf-8")] == [], f"docs/{kind}.md names all"


@pytest.mark.parametrize("kind", catalogue.CHANNELS)
def test_people_have_an_address_there(kind):
    assert catalogue.channel(kind).person in Person.model_fields, "people have none: add a field to autopilot/people.py"
