"""What adapters are given."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from graph.errors import Misconfigured
from tools.limiter import Limiter
from tools.plugins import Cost, Site


def site(**logins: str) -> Site:
    return Site("fraud-v1", Path("/x"), Path("/x/jobs"), "python", Limiter(), {}, logins)


@pytest.mark.parametrize("token", [None, "", "two words", "line\n", "schlüssel"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token):
    here = site(AUTOPILOT_JENKINS_TOKEN=token) if token is not None else site()
    with pytest.raises(Misconfigured, match="fraud-v1: AUTOPILOT_JENKINS_TOKEN") as error:
        here.token("AUTOPILOT_JENKINS_TOKEN")
    assert not token or token not in error.value.message + error.value.hint
    assert not token or token not in repr(here)


@pytest.mark.parametrize(
    "given",
    [{"currency": "EUR"}, {"currency": "EUR", "per_run": 1, "per_minute": 2}, {"per_run": -1, "currency": "EUR"}],
)
def test_a_cost_has_one_price(given):
    with pytest.raises(ValidationError):
        Cost(**given)
