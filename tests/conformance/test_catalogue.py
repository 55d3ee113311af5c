"""What belongs to every kind of pipeline in the catalogue: who adds one is told here what is missing."""

import inspect
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from autopilot import schema
from tests.conformance.systems import SYSTEMS
from tools import catalogue
from tools.pipelines.elsewhere import Elsewhere
from tools.plugins import PipelinePart

ROOT = Path(__file__).parents[2]
KINDS = list(catalogue.PIPELINES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_conformance_suite_runs_on_it(kind):
    here = "tests/conformance/test_pipeline.py has no system for it: add one to SYSTEMS in remote_systems.py"
    assert kind == "local" or kind in SYSTEMS, here


@pytest.mark.parametrize("kind", KINDS)
def test_its_shape_names_its_kind_and_says_what_it_is(kind):
    written = catalogue.pipeline(kind).written
    assert issubclass(written, PipelinePart)
    assert get_args(written.model_fields["kind"].annotation) == (kind,), f'its shape needs kind: Literal["{kind}"]'
    assert inspect.getdoc(written) != inspect.getdoc(PipelinePart), "its shape needs a docstring: editors show it"
    assert written.model_fields["deadline"].default == timedelta(hours=2)


@pytest.mark.parametrize("kind", KINDS)
def test_editors_know_its_fields(kind):
    assert kind in schema.FILE.read_text("utf-8"), "write the schema anew: python -m autopilot.schema"


@pytest.mark.parametrize("kind", KINDS)
def test_its_logins_are_variables_that_are_read(kind):
    for login in catalogue.pipeline(kind).logins:
        assert login.startswith(f"AUTOPILOT_{kind.upper()}_")
        assert f"{login}=" in (ROOT / ".env.example").read_text("utf-8"), ".env.example says nothing of it"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(catalogue.pipeline(kind).written, Elsewhere)])
def test_its_owner_is_told_what_to_add_there(kind):
    assert f"kind: {kind}" in (ROOT / "docs" / "pipelines.md").read_text("utf-8")
    files = [file.name.lower() for file in (ROOT / "examples" / "pipelines").iterdir()]
    assert [name for name in files if name.startswith(kind)], f"examples/pipelines/ has no {kind}… to copy"
