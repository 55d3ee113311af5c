"""What is found when a system is asked whether jobs can be run there."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `detail` says what was seen, `hint` what to do about it."""

    state: State
    detail: str
    hint: str = ""
