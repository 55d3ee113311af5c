"""What all models share, as it is written in autopilot.yaml."""

from typing import Annotated

from pydantic import Field

from tools.fields import Part


class Fleet(Part):
    """How the trainings of all models are judged together."""

    slots: Annotated[int, Field(ge=1)] | None = None
    """How many trainings at a time; without a number, no limit."""
    false_retrains: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Which part of all retrains may be for nothing, at most."""
    incident_from: Annotated[int, Field(ge=2)] = 3
    """How many models must ask about one column, or the labels, to be one incident."""
