"""Which pauses hold a model, in which order they are told, and that each is lifted by itself."""

from dataclasses import replace

import pytest

from graph.errors import Paused, Refused
from graph.pause import Pause
from graph.policy.pausing import holding, lifted_by, require_running, told, whose
from tests.unit.graph.policy.builders import HOUR, NOW

OWN = Pause("model", "fraud", "ana", NOW, "the feed moves")
TAG = Pause("tag", "payments", "ben", NOW - HOUR, "freeze")
ALL = Pause("all", None, "eve", NOW + HOUR, "the registry is moved")
OTHER = Pause("model", "churn", "ana", NOW, "gone")


@pytest.mark.parametrize(
    ("tags", "pauses", "held"),
    [
        # Nothing is paused, or only something else.
        ((), (), ()),
        (("payments",), (OTHER,), ()),
        # A tag holds whoever has it, and a tag named like the model is not the model.
        (("payments",), (TAG,), (TAG,)),
        (("cards", "payments"), (TAG,), (TAG,)),
        ((), (TAG,), ()),
        (("fraud",), (replace(OWN, name="payments"),), ()),
        ((), (replace(TAG, name="fraud"),), ()),
        # All holds also what has no tag.
        ((), (ALL,), (ALL,)),
        # The nearest is told first, whenever it was set; of two tags the older.
        (("payments",), (ALL, TAG, OWN, OTHER), (OWN, TAG, ALL)),
        (("a", "payments"), (replace(TAG, name="a", at=NOW), TAG), (TAG, replace(TAG, name="a", at=NOW))),
        # Lifting the tag leaves the model's own, and the other way round.
        (("payments",), (OWN,), (OWN,)),
    ],
)
def test_which_pauses_hold_a_model(tags, pauses, held):
    assert holding("fraud", tags, pauses) == held


@pytest.mark.parametrize(
    ("pause", "stopped", "said", "command"),
    [
        (OWN, "fraud", "paused by ana since 2026-03-01T10:30:00Z: the feed moves", "autopilot unpause fraud"),
        (TAG, "every model tagged payments", "paused with every model tagged payments by ben since 2026-03-01T09:30",
         "autopilot unpause --tag payments"),
        (ALL, "every model", "paused with every model by eve since", "autopilot unpause --all"),
    ],
)  # fmt: skip
def test_a_pause_says_who_since_when_why_and_what_lifts_it(pause, stopped, said, command):
    assert (whose(pause), lifted_by(pause)) == (stopped, command)
    assert told(pause).startswith(said)


def test_a_model_that_is_held_is_refused_with_every_pause_that_holds_it():
    require_running("fraud", (), (TAG, OTHER))
    with pytest.raises(Paused) as refused:
        require_running("fraud", ("payments",), (TAG, OWN))
    assert isinstance(refused.value, Refused)
    assert refused.value.message.startswith("fraud is paused by ana since")
    assert "ben" in refused.value.message
    assert refused.value.hint == "autopilot unpause fraud, then: autopilot unpause --tag payments"
