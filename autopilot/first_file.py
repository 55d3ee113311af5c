"""The text of a first autopilot.yaml, from what was proposed; and what to say about it."""

import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import yaml

from autopilot import words

_COMMENT_AT = 41
_LINE = 118
_INDENT = " " * 6


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of the file: its value, and why it is that one."""

    field: str
    value: Any
    because: str
    check: bool = False
    """A guess that nothing in the log confirms."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that a first file says of its own."""

    model: str
    person: str
    origin: str
    choices: tuple[Choice, ...]
    remarks: tuple[str, ...] = ()

    def value(self, field: str) -> Any:
        """Return a field's value, None when it is left out."""
        return next((choice.value for choice in self.choices if choice.field == field), None)


def template(model: str, person: str) -> Proposal:
    """Return the entry of a model that nothing is known of: every line is an example."""
    example = "an example: name your own"
    choices = (
        Choice("source", "predictions/*.parquet", example, True),
        Choice("id", "prediction_id", "different in every row; labels are joined by it", True),
        Choice("timestamp", "event_time", "when the row was scored, with a time zone", True),
        Choice("version", "model_version", "optional: which version of the model served the row", True),
        Choice("prediction", "score", "what the model said: a probability", True),
        Choice("positive", 1, "the label that the probability is of", True),
        Choice("features", ["amount", "country", "channel"], "the columns that the model is given", True),
        Choice("labels.source", "labels/*.parquet", "leave it out when the log itself holds the label", True),
        Choice("labels.id", "prediction_id", "joins a label to its prediction", True),
        Choice("labels.label", "label", "what turned out to be true: 0 or 1", True),
        Choice("labels.timestamp", "labelled_at", "optional: when the label became known", True),
        Choice("labels.delay", "3d", "after this long every row has its label; younger rows are not judged", True),
        Choice("window", "1d", "one look at the log; every day is compared with the reference", True),
        Choice("reference.from", "2026-01-01", "rows known to be good, until a promoted version brings its own", True),
        Choice("reference.until", "2026-02-01", "not included", True),
        Choice("training.window", "90d", "train on the labelled rows of this long before the holdout", True),
        Choice("training.holdout", "14d", "the newest labelled rows, never trained on: both models meet there", True),
        Choice("command", ["python", "train.py"], "the training script", True),
    )
    return Proposal(model, person, "A template: change every line marked CHECK.", choices)


def render(proposal: Proposal) -> str:
    """Return the file."""
    text = (resources.files("autopilot") / "init.yaml").read_text("utf-8")
    return Template(text).substitute(
        origin=words.printable(proposal.origin),
        person=scalar(proposal.person),
        model=scalar(proposal.model),
        registry=scalar(proposal.model),
        monitor="\n".join(_monitor(proposal)),
        training="\n".join(_fields(proposal, "training.", _INDENT)),
        command=_flow(proposal.value("command")) + "  # CHECK: your training script",
    )


def scalar(value: object) -> str:
    """Return a value as YAML writes it on one line, quoted where it must be."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9).strip()
    return text.removesuffix("...").strip()


def _flow(values: list[str]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def _monitor(proposal: Proposal) -> Iterator[str]:
    for field in ("source", "id", "timestamp", "version", "prediction"):
        yield from _fields(proposal, field, _INDENT)
    yield from _score(proposal)
    yield from _features(proposal)
    yield from _labels(proposal)
    yield from _fields(proposal, "window", _INDENT)
    yield f"{_INDENT}reference:"
    yield from _fields(proposal, "reference.", _INDENT + "  ")


def _fields(proposal: Proposal, name: str, indent: str) -> Iterator[str]:
    """Yield lines for one field, or for all below a name that ends in a dot. One without a value is only a comment."""
    for choice in proposal.choices:
        if choice.field == name or (name.endswith(".") and choice.field.startswith(name)):
            key = choice.field.rpartition(".")[2]
            if choice.value is None:
                yield from _comment(f"no {key}: {choice.because}", indent)
            else:
                yield from _line(f"{indent}{key}: {scalar(choice.value)}", choice)


def _line(text: str, choice: Choice) -> Iterator[str]:
    why = ("CHECK: " if choice.check else "") + words.printable(words.one_line(choice.because))
    if len(text) < _COMMENT_AT and _COMMENT_AT + len(why) + 2 <= _LINE:
        yield f"{text.ljust(_COMMENT_AT)}# {why}"
        return
    yield from _comment(why, " " * (len(text) - len(text.lstrip())))
    yield text


def _comment(text: str, indent: str) -> Iterator[str]:
    mark = f"{indent}# "
    yield from textwrap.wrap(words.printable(words.one_line(text)), _LINE, initial_indent=mark, subsequent_indent=mark)


def _score(proposal: Proposal) -> Iterator[str]:
    value = proposal.value("positive")
    choice = next(choice for choice in proposal.choices if choice.field == "positive")
    yield from _line(
        f"{_INDENT}score: {{method: predict_proba, positive: {scalar(value)}, threshold: 0.5}}",
        Choice("positive", value, f"positive: {choice.because}", choice.check),
    )


def _features(proposal: Proposal) -> Iterator[str]:
    choice = next(choice for choice in proposal.choices if choice.field == "features")
    yield from _comment(("CHECK: " if choice.check else "") + choice.because, _INDENT)
    pieces = [scalar(name) for name in choice.value]
    lines = words.flowing([f"{piece}," for piece in pieces[:-1]] + pieces[-1:], "", "", _LINE - 18, between=" ")
    yield f"{_INDENT}features: [{lines[0]}" + ("]" if len(lines) == 1 else "")
    for number, line in enumerate(lines[1:], 2):
        yield f"{_INDENT}{' ' * 11}{line}" + ("]" if number == len(lines) else "")


def _labels(proposal: Proposal) -> Iterator[str]:
    if proposal.value("labels.label"):
        yield f"{_INDENT}labels:"
        yield from _fields(proposal, "labels.", _INDENT + "  ")
        return
    why = next((choice.because for choice in proposal.choices if choice.field == "labels.label"), "")
    yield from _comment(f"CHECK: no labels yet: {why}. Without them nobody can tell how good the model is:", _INDENT)
    yield f"{_INDENT}# labels: {{source: labels/*.parquet, id: ID, label: LABEL, timestamp: LABELLED_AT, delay: 3d}}"


def summary(proposal: Proposal, out: Path) -> str:
    """Return what was done, what to check and the next command."""
    rows = [
        ["!" if choice.check else words.MARK["passed"], choice.field, _shown(choice.value), choice.because]
        for choice in proposal.choices
    ]
    table = words.table(["", "field", "value", "why"], rows, indent="  ").partition("\n")[2]
    config = "" if out.name == "autopilot.yaml" and out.parent == Path() else f" --config {shlex.quote(str(out))}"
    return words.printable(
        "\n".join(
            [
                f"wrote {out}: {proposal.origin}",
                table,
                *[f"  {remark}" for remark in proposal.remarks],
                "check in the file: every line marked CHECK (above: !), the approvers, the minimum",
                f"next: autopilot doctor{config}, then: autopilot run {proposal.model}{config}",
            ]
        )
    )


def _shown(value: object) -> str:
    if value is None:
        return words.NOTHING
    if isinstance(value, list):
        names = ", ".join(map(str, value[:4]))
        return names if len(value) <= 4 else f"{names}, … ({len(value)})"
    return str(value)
