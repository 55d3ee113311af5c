"""Every number in an answer must be one that was shown."""

import pytest

from graph.reasoning.grounding import ungrounded, unknown_ids

FACTS = {
    "window": {"rows": "1000", "end": "2026-03-01T10:30:00Z", "expected_rows": "12345"},
    "labels": {
        "realised": "0.8123, 95 % interval 0.77 to 0.83",
        "brier_excess": "-0.0204",
        "lag_p50_h": "40",
        "metric": "f1",
        "positive_share": "0.0587",
        "tiny": "1.2e-05",
        "lost": "0.5",
    },
    "col_01": {"psi": "0.3124", "top_value": "val_3", "factor": "100"},
    "harm_1": {"rows": "400"},
    "rules": {"unexplained_drop": "blocked, 0.11, limit 0.02", "cooldown": "passed, 6 hours, limit 12 hours"},
}


@pytest.mark.parametrize(
    "text",
    [
        "No number at all.",
        "The metric is 0.8123.",
        # rounded, not below two digits
        "The metric is 0.812, about 0.81.",
        "It lies between 0.77 and 0.83 (0.77–0.83, 95 % interval).",
        # in per cent, either way
        "The metric is 81 %, or 81.2%, and 5.9 percent are positive.",
        "12,345 rows were expected and 1,000 came; 1000 of 12345.",
        # as written with its sign, or as the size of a change
        "The excess is -0.0204, a loss of 0.0204.",
        "The excess is \u22120.020.",
        "PSI 0.31 against a limit of 0.02, factor 100.",
        "On 2026-03-01 at 2026-03-01T10:30:00Z (2026-03-01 10:30) all changed.",
        "col_01 and val_3 moved: col_01.psi, harm_1.rows, f1, lag_p50_h.",
        "It is free again after 6 of 12 hours.",
        "It is tiny: 1.2e-05.",
        "One of them fell by half.",
        "A hundred times too large.",
        "It fell to 0.8123.",
        "\uff10.\uff18\uff11\uff12\uff13 in other digits",
    ],
)
def test_what_was_shown_may_be_said(text):
    assert ungrounded(text, FACTS) is None


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("The metric is 0.62.", "0.62"),
        # calculated: 1000 of 12345 rows
        ("8.1 % of the rows came.", "8.1"),
        # too roughly rounded to be the number
        ("The metric is 0.9.", "0.9"),
        ("6 % are positive.", "6"),
        # wrongly rounded
        ("PSI is 0.32.", "0.32"),
        # a fraction is not a percentage
        ("PSI is 31.", "31"),
        ("psi of 0.3124 %", "0.3124"),
        # the wrong sign
        ("The metric is -0.8123.", "-0.8123"),
        ("The excess is +0.0204.", "0.0204"),
        ("Since 2026-02-01 it fell.", "2026-02-01"),
        ("On 2026-03-01T11:30:00Z it fell.", "2026-03-01T11:30:00Z"),
        # ids of things it was not shown
        ("col_07 moved.", "col_07"),
        ("See col_01.secret9.", "col_01.secret9"),
        ("p95 is high", "p95"),
        # spelled out, with a fraction, in other scripts
        ("Seven of them moved.", "7"),
        ("It doubled.", "2"),
        ("threefold", "3"),
        ("a third is ⅓", "1"),
        ("rose to \u0667", "\u0667"),
        ("rose to 七", "七"),
        ("rose to .73", "0.73"),
        ("rose to 1,2", "1"),
        ("0,8123", "0"),
        ("12,34 rows", "1"),
        ("1e99", "1E+99"),
        ("1e-99999999", "1E-999"),
        ("9" * 700, "9" * 700),
    ],
)
def test_what_was_not_shown_is_found(text, stray):
    assert ungrounded(text, FACTS) == stray


def test_evidence_is_cited_by_the_id_of_a_fact():
    cited = ["labels.realised", "rules.unexplained_drop", "labels", "col_01", "col_02.psi", "labels.realised "]
    assert unknown_ids(cited, FACTS) == ["labels", "col_01", "col_02.psi", "labels.realised "]
