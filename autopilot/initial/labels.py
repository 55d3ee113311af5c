"""Find a log's labels: in one of its columns, in files beside it, or where a person says; and how late they come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from autopilot.initial.draft import Draft
from autopilot.initial.periods import duration
from graph.errors import Misconfigured
from tools.monitors import guesses
from tools.monitors.inspection import (
    Inspection,
    inspect,
    joined_lags,
    lags,
    newest_labelled,
    separation,
    values_of,
)
from tools.monitors.log_columns import Times

_BESIDE = frozenset({"label", "labels", "outcome", "outcomes", "truth", "feedback"})
_NONE = "none of them"
_FEW_WORDS = 3
"""`fraud_labels_2026` is called labels; `notes on how we came by labels` is not."""
_ALL = 0.99
"""All but one in a hundred labels: the last one never comes."""
_DELAY = "after this long every row has its label; younger rows are not judged"

Written = Callable[[str], str]
"""A path as the file names it."""


@dataclass(frozen=True, slots=True)
class _Labels:
    """Files of labels that belong to the log: the share of the newest that join it, and how long they took."""

    place: str
    id: str
    label: str
    time: str | None
    took: Times
    share: float


def settle(draft: Draft, seen: Inspection, written: Written) -> None:
    """Take label, its source, its time and its delay; leave labels out where none are found."""
    score = str(draft.value("prediction"))
    taken = {draft.value(name) for name in ("id", "timestamp", "version", "prediction")}
    columns = [column for column in seen.columns if column.name not in taken]
    known = {column.name: _told(seen, score, column.name) for column in columns if guesses.may_be_label(column)}
    guess = guesses.label(columns, {name: told for name, told in known.items() if told is not None})
    guess = _offered(draft, guess)
    positive: str | int = 1
    if guess.value is not None:
        label = draft.column("labels.label", guess, "What turned out to be true?")
        positive = _in_the_log(draft, seen, str(label), score)
    elif not _beside(draft, seen, written):
        offered = f"; {', '.join(guess.rivals)} may be it" if guess.rivals else ""
        draft.settle("labels.label", None, f"{guess.because}, and no file of labels lies beside the log{offered}")
    because = "the label that the score is the probability of"
    draft.settle("positive", positive, because, check=positive != 1)


def _offered(draft: Draft, guess: guesses.Guess) -> guesses.Guess:
    """Let a person take a column that only might be the label."""
    if guess.value is not None or not guess.rivals:
        return guess
    chosen = draft.asker.choose("Does one of these say what turned out to be true?", [*guess.rivals, _NONE], _NONE)
    return guess if chosen in (None, _NONE) else guesses.Guess(chosen, "as you said")


def _told(seen: Inspection, score: str, label: str) -> float | None:
    """Return the AUC that the score has for the column's positives; the better one where the words do not tell them."""
    values = values_of(seen, label)
    positives = [value for value in values if value.lower() in ("1", "true")]
    told = [separation(seen, score, label, value) for value in positives or values]
    return max((each for each in told if each is not None), default=None)


def _in_the_log(draft: Draft, seen: Inspection, label: str, score: str) -> str | int:
    time = str(draft.value("timestamp"))
    guess = guesses.label_time(seen.columns, {time})
    known = draft.column("labels.timestamp", guess, "When was a label known?")
    if known:
        _delay(draft, lags(seen, time, known))
    else:
        newest, last = newest_labelled(seen, time, label)
        age = timedelta(microseconds=max(0, last - newest))
        late = age >= timedelta(hours=1)
        because = (
            f"the newest label is {duration(age)} older than the newest row" if late else "the newest rows have labels"
        )
        draft.settle("labels.delay", duration(age) if late else "0d", f"{because}; {_DELAY}", check=True)
    return guesses.positive(values_of(seen, label), lambda value: separation(seen, score, label, value))


def _beside(draft: Draft, seen: Inspection, written: Written) -> bool:
    """Take labels from files of their own; tell whether there are any."""
    if draft.value("id") is None:
        return False
    found = next((labels for place in _nearby(seen) if isinstance(labels := _look(draft, seen, place), _Labels)), None)
    proposal = found.place if found else ""
    place = draft.asker.tell("Where are the labels? A file, folder or glob; none if there are none", proposal)
    if place in ("", "none"):
        return False
    labels = found if found and place == proposal else _look(draft, seen, place)
    if isinstance(labels, str):
        raise Misconfigured(f"{place}: {labels}", "answer none, and describe the labels in the file yourself")
    draft.settle("labels.source", written(place), f"{labels.share:.0%} of its newest labels belong to a row of the log")
    draft.settle("labels.id", labels.id, "joins a label to its prediction")
    draft.settle("labels.label", labels.label, "two values")
    draft.settle("labels.timestamp", labels.time, "when a label became known" if labels.time else "no column of times")
    _delay(draft, labels.took)
    return True


def _nearby(seen: Inspection) -> list[str]:
    """Return the paths of what is called labels and lies beside the log."""
    own = {Path(file.path).absolute() for file in seen.files}
    own |= {path.parent for path in own}
    near = {entry for place in _places(Path(seen.sources[0]).absolute(), own) for entry in place.iterdir()}
    return [str(entry) for entry in sorted(near - own) if _is_called_labels(entry)]


def _places(source: Path, own: set[Path]) -> set[Path]:
    """Return the folders to look in: that of a file, that around a folder, both for a glob."""
    if source.is_file() or source.is_dir():
        return {source.parent}
    folders = {path for path in own if path.is_dir()}
    return folders | {folder.parent for folder in folders}


def _is_called_labels(entry: Path) -> bool:
    said = guesses.words_of(entry.name.partition(".")[0])
    return len(said) <= _FEW_WORDS and bool(set(said) & _BESIDE)


def _look(draft: Draft, seen: Inspection, place: str) -> _Labels | str:
    """Return the labels at a place, or why there are none for this log."""
    try:
        found = inspect(seen.reader.model, (place,))
    except Misconfigured as error:
        return error.message
    key, label, time = _meaning(found, str(draft.value("id")))
    if key is None:
        return "no column joins a label to its prediction"
    if label is None:
        return "no column with two values holds labels"
    took, share = joined_lags(seen, str(draft.value("id")), str(draft.value("timestamp")), found, key, time)
    return _Labels(place, key, label, time, took, share) if share else f"none of the ids in {key} is in the log"


def _meaning(found: Inspection, key: str) -> tuple[str | None, str | None, str | None]:
    """Return the columns of id, label and time in a file of labels."""
    own = found.column(key)
    identity = own.name if own else guesses.identifier(found.columns).value
    rest = [column for column in found.columns if column.name != identity]
    guess = guesses.label(rest, {})
    only = [column.name for column in rest if guesses.may_be_label(column)]
    label = guess.value or (only[0] if len(only) == 1 else None)
    times = guesses.label_time(rest, ()).value or guesses.timestamp(rest).value
    return identity, label, times


def _delay(draft: Draft, took: Times) -> None:
    if not len(took):
        draft.settle("labels.delay", "1d", f"not known without a time of the label; {_DELAY}", check=True)
        return
    most = timedelta(microseconds=max(0, int(np.quantile(took, _ALL))))
    share = f"99 of 100 labels came within {duration(most)}"
    draft.settle("labels.delay", duration(most), f"{share}; {_DELAY}")
