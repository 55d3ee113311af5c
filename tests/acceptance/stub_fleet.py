"""Many models on one small log that has drifted: `build TODAY NAME…`; and what their script asks for: `train`."""

import sys
from datetime import date, timedelta
from pathlib import Path

from mlflow import MlflowClient

from tests.acceptance.owner import as_owner
from tests.crash import stub_world

_DAYS_AGO = ((20, 1), (19, 1), (2, 2), (1, 2))
"""Two good days, and two that have drifted."""


def build(today: str, *names: str) -> None:
    """Write the log, and register a champion for each name."""
    days = [(str(date.fromisoformat(today) - timedelta(ago)), drift) for ago, drift in _DAYS_AGO]
    stub_world.build(Path.cwd(), days)
    with as_owner() as found:
        client = MlflowClient(tracking_uri=found.owner, registry_uri=found.owner)
        for name in names:
            stub_world.let_serve(client, Path.cwd(), name)


def train() -> None:
    """Train what is asked for at this moment."""
    stub_world.fulfil(Path.cwd())


def main() -> None:
    """Do `VERB ARGUMENT…`."""
    verb, *arguments = sys.argv[1:]
    {f.__name__: f for f in (build, train)}[verb](*arguments)
