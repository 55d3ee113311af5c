"""Token caps: what one more check could use must fit under each of them."""

import pytest

from graph.advice import TokenCaps
from graph.reasoning.budget import Spent, too_long, used_up

CAPS = TokenCaps(per_check=1000, per_model_per_day=5000, per_day=20_000)


@pytest.mark.parametrize(
    ("spent", "refused"),
    [
        (Spent(0, 0), ""),
        (Spent(4000, 4000), ""),
        (Spent(4001, 4001), "4001 of 5000 tokens a day of this model are used, and a check may take 1000"),
        (Spent(0, 19_000), ""),
        (Spent(0, 19_001), "19001 of 20000 tokens a day of the fleet are used, and a check may take 1000"),
    ],
)
def test_no_check_may_go_beyond_a_cap(spent, refused):
    assert used_up(spent, CAPS) == refused


@pytest.mark.parametrize(("question", "fits"), [(600, True), (601, False)])
def test_a_question_leaves_room_for_its_answer(question, fits):
    assert (too_long(question, CAPS) == "") is fits
