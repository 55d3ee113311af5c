"""How much may be spent on training, as it is written in autopilot.yaml."""

from typing import Annotated

from pydantic import Field

from tools.fields import Part, Span
from tools.plugins import Currency


class Budget(Part):
    """What the trainings of one model may cost in any time of this length, in the currency of its pipeline."""

    amount: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    per: Span


class FleetBudget(Budget):
    """What the trainings of all models together may cost in any time of this length."""

    currency: Currency
