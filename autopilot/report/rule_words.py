"""What each rule of a decision asks, for those who have not read its source; what its outcome is called on a page."""

from typing import Literal

from graph.model import Json

State = Literal["stops", "alarm", "beyond", "fine", "not evaluated"]

KEY = (
    "stops: decided the check here; alarm: found something, and decides nothing by itself; beyond: past its limit, but "
    "not for certain, or for a reason that is said; fine: asked, nothing to object; not evaluated: there was nothing "
    "to ask it of. ≤ and ≥ say on which side of its limit a value is fine"
)
"""What the states mean."""
_ASKS = {
    "future_times": ("≤", "share of rows from the future"),
    "rows_arrived": ("≥", "rows in the window"),
    "duplicate_ids": ("≤", "share of rows that repeat an id"),
    "bad_scores": ("≤", "share of unusable scores"),
    "enough_rows": ("≥", "rows (min_rows)"),
    "all_null": ("≤", "a feature without any value"),
    "null_share": ("≤", "share of nulls, at most 5 % and three times the feature's share in the reference"),
    "nan_share": ("≤", "share of NaN, at most 5 % and three times the feature's share in the reference"),
    "stuck_value": ("≤", "share of rows with one and the same value"),
    "constant_factor": ("≤", "a factor that restores the reference when it is divided out: a unit error"),
    "outside_range": ("≤", "share of rows outside the reference's range, where one lies ten of its widths away"),
    "new_categories": ("≤", "share of rows in categories the reference never saw"),
    "exchanged_columns": ("≤", "two features that changed places"),
    "renamed_categories": ("≤", "categories under other names"),
    "row_consistency": ("≤", "a feature that does not fit the rest of its row"),
    "broken_since_change": ("≤", "the same questions of all rows since the change"),
    "moved_alone": ("≤", "a feature that moved while all others stood still"),
    "other_sizes": ("≤", "a feature whose values are of another size"),
    "left_its_row": ("≥", "a feature that no longer goes with the rest of its row"),
    "positives_collapsed": ("≥", "positives per foreseen one"),
    "bad_labels": ("≤", "share of unusable labels"),
    "orphan_labels": ("≤", "share of labels without a prediction"),
    "label_channel": ("≥", "how far labels follow the scores, evenly in all slices"),
    "label_void": ("≤", "positives foreseen in a segment that has none"),
    "label_segment": ("≥", "how far labels follow the scores in the weakest segment"),
    "uneven_labels": ("≤", "standard deviations by which labels left the scores in a slice"),
    "labels_on_time": ("≥", "labels in, of those that used to be in by now"),
    "enough_labels": ("≥", "labelled rows (min_labels)"),
    "enough_positives": ("≥", "positives among them (min_positives)"),
    "unexplained_loss": ("≤", "lower end of the loss beyond what is foreseen; shown only"),
    "sequential_harm": ("≤", "log of the evidence for harm (log e); harm must show in the newest window, too"),
    "unexplained_drop": ("≤", "by how much the metric is worse than foreseen (max_drop)"),
    "max_drift": ("≤", "furthest PSI (max_drift)"),
    "half_learned": ("≤", "what learning from more rows of the change would be worth"),
    "explained_drop": ("≤", "by how much the scores foresee a worse metric than on the reference"),
    "features_moved": ("≥", "times a month that chance alone shows as much; shown only"),
    "label_free_estimate": ("", "the metric estimated without labels; shown only"),
    "stuck_prediction": ("≤", "share of rows with one and the same prediction"),
    "prediction_factor": ("≤", "a factor that the predictions alone are away from the reference's"),
    "prediction_range": ("≤", "share of predictions absurdly far outside the reference's range"),
    "stuck_label": ("≤", "share of rows with one and the same label"),
    "label_factor": ("≤", "a factor that the labels alone are away from the reference's"),
    "label_range": ("≤", "share of labels absurdly far outside the reference's range"),
    "label_sign": ("≤", "share of labels below zero where none was before"),
    "label_join": ("≥", "how closely labels go with the predictions"),
    "everything_answered": ("≤", "monitors and values that said nothing"),
    "rows_to_judge_on": ("", "what two models are compared on"),
    "champion_known": ("", "the version that serves"),
    "performance_measured": ("", "the metric on labelled rows"),
    "one_active_run": ("≤", "other runs that act on this model"),
    "open_question": ("≤", "time since a question to the owner"),
    "labels_to_learn_from": ("≥", "labels to learn from"),
    "archived_version": ("≤", "an earlier version that does better as it is"),
    "circuit_breaker": ("≤", "failures in a row"),
    "kept_candidate": ("", "an undecided candidate to judge again"),
    "back_off": ("≥", "time since challengers that did not pay"),
    "cooldown": ("≥", "time since the last training"),
    "retrains_per_week": ("≤", "trainings this week"),
    "retrains_per_month": ("≤", "trainings this month"),
    "training_budget": ("≤", "money of this model"),
    "fleet_budget": ("≤", "money of all models"),
    "false_retrains": ("≥", "log of the evidence for harm (log e), as sure as a fleet of this size asks for"),
    "slots": ("≤", "place in the line for a training, beside the free slots"),
    "can_pay": ("≥", "whether a cure can be worth its price"),
    "rows_to_learn_from": ("≥", "windows with rows of the change"),
}
_SHOWN = frozenset({"features_moved", "label_free_estimate", "unexplained_loss"})
"""What these find decides nothing."""
_FINDS = frozenset(
    {
        *("all_null", "constant_factor", "outside_range", "new_categories", "exchanged_columns", "renamed_categories"),
        *("row_consistency", "label_channel", "archived_version", "broken_since_change", "moved_alone", "other_sizes"),
        *("stuck_prediction", "prediction_factor", "prediction_range", "stuck_label", "label_factor", "label_range"),
        *("label_sign", "rows_to_learn_from"),
        *("left_its_row", "open_question", "cooldown", "kept_candidate", "back_off"),
    }
)
"""Without a value these were asked, and found nothing."""
_EXCUSED = frozenset({"unexplained_drop", "sequential_harm", "positives_collapsed", "label_join"})
"""These may pass beyond their limit, and say why."""
_UNASKED = (
    "there is no reference",
    "there is nothing to compare",
    "no calibrated scores",
    "policy.max_drift is not set",
)


def asks(rule: str) -> tuple[str, str]:
    """Return on which side of its limit a value is fine (`≤`, `≥` or nothing), and what the rule asks."""
    return _ASKS.get(rule, ("", ""))


def state(rule: Json) -> State:
    """Return what became of a rule that was reached, in the page's words; JSON keeps the contract's."""
    name, value, detail = rule["rule"], rule["value"], rule["detail"]
    if rule["outcome"] == "blocked":
        return "alarm" if name in _SHOWN else "stops"
    if name == "sequential_harm" and detail.endswith(": alarm"):
        return "alarm"
    if detail.startswith(_UNASKED) or (value is None and not detail and name not in _FINDS):
        return "not evaluated"
    return "beyond" if name in _EXCUSED and _beyond(rule) else "fine"


def _beyond(rule: Json) -> bool:
    value, limit = rule["value"], rule["limit"]
    if not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    return value < limit if asks(rule["rule"])[0] == "≥" else value >= limit
