"""Guess what the columns of an unknown log mean: by what they hold first, by their names second. Reads nothing."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tools.monitors.inspection import Column

KNOWS = 0.6
"""A score that has an AUC of this for a column knows something of it."""
DERIVED = 0.9995
"""A score that tells a column's values apart without fault made them: a decision, no label."""
_FEW_VERSIONS = 50
_FREE_TEXT = 0.5
"""A text of which more than half of the rows have their own is a name or a note, no category."""

_TIME = {"event", "timestamp", "time", "ts", "scored", "predicted", "prediction", "request", "created", "occurred"}
_LATER = {"label", "labelled", "labeled", "settled", "resolved", "outcome", "truth", "known", "observed", "closed"}
_ELSEWHERE = {"birth", "born", "expiry", "expires", "expiration", "signup", "opened", "updated", "deleted", "since"}
_SCORE = {"score", "probability", "proba", "prob", "prediction", "predicted", "pred", "yhat", "p"}
_SCORE_WORDS = {"score", "probability", "proba", "prob"}
_OUTPUT = {"prediction", "predicted", "pred", "yhat", "decision", "proba", "probability"}
_ID_ENDS = {"id", "uuid", "guid", "key"}
_ID_OF = {"prediction", "request", "event", "transaction", "inference", "row", "record", "score", "trace"}
_LABEL = {"label", "target", "y", "y_true", "truth", "ground_truth", "actual", "outcome", "class"}
_LABEL_WORDS = {
    *("label", "target", "truth", "actual", "outcome", "fraud", "churn", "churned", "default", "defaulted"),
    *("converted", "conversion", "clicked", "chargeback", "repaid", "survived", "returned"),
}
_LABEL_STARTS = {"is", "has", "was", "did"}
_NAMED = 10
_TRUTHS = {"0", "1", "0.0", "1.0", "true", "false"}


@dataclass(frozen=True, slots=True)
class Guess:
    """A column, or none, and why. `rivals` fit as well as `value`, or, without one, are all there is to choose from."""

    value: str | None
    because: str
    rivals: tuple[str, ...] = ()
    doubtful: bool = False
    """What the column holds speaks against it."""


def words_of(name: str) -> list[str]:
    """Return the words that a column's name is made of: `isFraud_24h` is `is`, `fraud`, `24h`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^0-9a-z]+", spaced.lower()) if word]


def _best(columns: Sequence[Column], rank: Callable[[Column], float], because: str) -> Guess:
    """Return the column of the highest rank; those that share it are rivals."""
    top = max(map(rank, columns))
    first, *others = [column.name for column in columns if rank(column) == top]
    return Guess(first, because, tuple(others))


def timestamp(columns: Sequence[Column]) -> Guess:
    """Guess when a row was scored."""
    found = [column for column in columns if column.kind == "time"]
    if not found:
        return Guess(None, "no column holds times")
    if len(found) == 1:
        return Guess(found[0].name, "the only column that holds times")

    def rank(column: Column) -> float:
        said = set(words_of(column.name))
        later = 4 * bool(said & (_LATER | _ELSEWHERE))
        return bool(said & _TIME) - later - 2 * (column.missing > 0)

    return _best(found, rank, f"one of {len(found)} columns with times; its name fits best and no row lacks it")


def score(columns: Sequence[Column]) -> Guess:
    """Guess what the model said: numbers from 0 to 1."""
    found = [column for column in columns if _is_probability(column)]
    if not found:
        named = [column.name for column in columns if column.kind == "number" and _score_rank(column) > 0]
        hint = f"; {named[0]} does not" if named else ""
        return Guess(None, f"no column holds numbers from 0 to 1, as a probability does{hint}")
    if len(found) == 1:
        return Guess(found[0].name, "the only column with numbers from 0 to 1")
    return _best(found, _score_rank, f"one of {len(found)} columns with numbers from 0 to 1; its name fits best")


def _is_probability(column: Column) -> bool:
    inside = column.low is not None and column.high is not None and column.low >= 0 and column.high <= 1
    return column.kind == "number" and inside and not column.whole and column.distinct > 2


def _score_rank(column: Column) -> float:
    said = words_of(column.name)
    exact = column.name.lower() in _SCORE
    return 2 * exact + bool(set(said) & _SCORE_WORDS) + 0.5 * bool(said and said[0] in ("model", "y"))


def identifier(columns: Sequence[Column]) -> Guess:
    """Guess what tells a row from all others."""
    found = [column for column in columns if column.unique and _id_rank(column) > 0]
    if not found:
        return Guess(None, "no column is different in every row and looks like an id")
    return _best(found, _id_rank, "different in every row")


def _id_rank(column: Column) -> float:
    said = words_of(column.name)
    named = bool(said) and said[-1] in _ID_ENDS
    if column.kind != "text" and not (column.kind == "number" and column.whole and named):
        return 0
    return 1 + 2 * named + bool(set(said) & _ID_OF)


def version(columns: Sequence[Column]) -> Guess:
    """Guess which model version served a row. Only whole numbers can be versions of a registry."""
    found = [column for column in columns if "version" in words_of(column.name) and column.distinct <= _FEW_VERSIONS]
    if not found:
        return Guess(None, "no column names the model's version: all rows count for the champion")
    numbered = [column for column in found if all(re.fullmatch(r"\d+(\.0)?", value) for value in column.examples)]
    if not numbered:
        text = f"{found[0].name} holds {', '.join(found[0].examples[:1])}, which is no version number of a registry"
        return Guess(None, text)
    rank = lambda column: "model" in words_of(column.name)  # noqa: E731
    return _best(numbered, rank, "the version that served the row")


def may_be_label(column: Column) -> bool:
    """Tell whether a column holds two classes."""
    if column.kind == "number":
        return column.whole and column.distinct == 2 and (column.low, column.high) == (0.0, 1.0)
    return column.kind in ("boolean", "text") and column.distinct == 2


def label(columns: Sequence[Column], known: dict[str, float]) -> Guess:
    """Guess what turned out to be true. `known` holds the score's AUC for columns with two values.

    A column without a telling name is only offered: a score tells the values of many a feature apart.
    """
    ranks = {column.name: _label_rank(column, known) for column in columns if may_be_label(column)}
    named = {name: rank for name, rank in ranks.items() if rank >= _NAMED}
    if not named:
        offered = tuple(name for name, rank in ranks.items() if rank > 0)
        return Guess(None, "no column with two values is named like what turned out to be true", offered)
    first, *others = [name for name, rank in named.items() if rank == max(named.values())]
    told = known.get(first)
    if told is None:
        return Guess(first, "two values", tuple(others))
    if told >= KNOWS:
        return Guess(first, f"two values, and the score tells them apart (AUC {told:.2f})", tuple(others))
    because = f"two values, but the score hardly tells them apart (AUC {told:.2f}): is it the score, is it the label?"
    return Guess(first, because, tuple(others), doubtful=True)


def _label_rank(column: Column, known: dict[str, float]) -> float:
    said = words_of(column.name)
    told = known.get(column.name)
    if told is not None and max(told, 1 - told) >= DERIVED:
        return 0
    named = 3 if column.name.lower() in _LABEL else 2 if set(said) & _LABEL_WORDS else 0
    knows = told is not None and told >= KNOWS
    if not named:
        return float(knows and bool(said) and said[0] in _LABEL_STARTS)
    return _NAMED + named + 2 * knows


def label_time(columns: Sequence[Column], taken: Collection[str]) -> Guess:
    """Guess when the label became known."""
    found = [column for column in columns if column.kind == "time" and column.name not in taken]
    named = [column for column in found if set(words_of(column.name)) & _LATER]
    if not named:
        return Guess(None, "no column says when a label became known")
    return _best(named, lambda column: -column.missing, "when the label became known")


def features(columns: Sequence[Column], taken: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the columns that may be features, and for each of the others why it is none."""
    kept: list[str] = []
    left: list[str] = []
    for column in columns:
        if column.name in taken:
            continue
        why = _no_feature(column)
        if why:
            left.append(f"{column.name} ({why})")
        else:
            kept.append(column.name)
    return kept, left


def _no_feature(column: Column) -> str:
    said = words_of(column.name)
    if column.kind in ("time", "empty", "other"):
        return {"time": "a time", "empty": "no value in any row", "other": "neither number nor text"}[column.kind]
    if column.distinct <= 1:
        return "the same value in every row"
    if column.kind == "text" and column.distinct > _FREE_TEXT * (column.rows - column.missing):
        return "free text, or an id"
    if said and said[-1] in ("id", "uuid", "guid") and column.distinct > _FEW_VERSIONS:
        return "an id"
    if column.name.lower() in _OUTPUT or (said and said[0] in ("predicted", "prediction")):
        return "another output of the model"
    if column.name.lower() in _LABEL:
        return "a label by its name"
    return ""


def positive(values: Sequence[str], known: Callable[[str], float | None]) -> str | int:
    """Return which of a label's two values counts as positive: 1 or true, else the one that gets the higher scores."""
    if {value.lower() for value in values} <= _TRUTHS:
        return 1
    return max(values, key=lambda value: known(value) or 0.5)
