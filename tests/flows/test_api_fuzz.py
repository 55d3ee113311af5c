"""The API against its own OpenAPI document: whatever it is sent, it answers as it says, and never with a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.serving import serving

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def doors(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("person", ["nobody", "ana"])
def test_nothing_that_is_sent_ends_in_a_server_error(doors, person):
    doors.home.waiting()
    schema = schemathesis.openapi.from_asgi("/openapi.json", doors.client.app)
    seen = set()
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        seen.add((operation.method.upper(), operation.path))

        @EXAMPLES
        @given(case=operation.as_strategy())
        def fuzzed(case):
            answer = case.call(headers={**(case.headers or {}), **doors.headers(person)})
            case.validate_response(answer, checks=CHECKS)

        fuzzed()
    assert len(seen) == 9
