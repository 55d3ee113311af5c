"""The text of a first autopilot.yaml, and what to say about it."""

import shlex
import textwrap
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from string import Template

import yaml

from autopilot import words
from autopilot.initial.draft import Choice, Proposal

_COMMENT_AT = 41
_LINE = 118
_INDENT = " " * 6
_EXAMPLES: tuple[tuple[str, object, str], ...] = (
    ("source", "predictions/*.parquet", "one row per prediction"),
    ("id", "prediction_id", "different in every row; labels are joined by it"),
    ("timestamp", "event_time", "when the row was scored, with a time zone"),
    ("version", "model_version", "optional: which version of the model served the row"),
    ("prediction", "score", "what the model said, as a probability"),
    ("positive", 1, "the label that the score is the probability of"),
    ("features", ["amount", "country", "channel"], "the columns that the model is given"),
    ("labels.source", "labels/*.parquet", "leave it out when the log itself holds the label"),
    ("labels.id", "prediction_id", "joins a label to its prediction"),
    ("labels.label", "label", "what turned out to be true"),
    ("labels.timestamp", "labelled_at", "optional: when the label became known"),
    ("labels.delay", "3d", "after this long every row has its label; younger rows are not judged"),
    ("window", "1d", "one look at the log; every one is compared with the reference"),
    ("reference.from", date(2026, 1, 1), "rows known to be good, until a promoted version brings its own"),
    ("reference.until", date(2026, 2, 1), "not included"),
    ("training.window", "90d", "train on the labelled rows of this long before the holdout"),
    ("training.holdout", "14d", "the newest labelled rows, never trained on: champion and challenger meet there"),
    ("command", ["python", "train.py"], "your training script"),
)


def example(model: str, person: str) -> Proposal:
    """Return the entry of a model that nothing is known of."""
    choices = tuple(Choice(field, value, because, check=True) for field, value, because in _EXAMPLES)
    return Proposal(model, person, "A template: change every line marked CHECK.", choices)


def render(proposal: Proposal) -> str:
    """Return the file."""
    text = (resources.files("autopilot.initial") / "template.yaml").read_text("utf-8")
    return Template(text).substitute(
        origin=words.printable(words.one_line(proposal.origin)),
        people=_people(proposal),
        model=scalar(proposal.model),
        registry=_registry(proposal),
        approvers=_approvers(proposal),
        monitor="\n".join(_monitor(proposal)),
        training="\n".join(_group(proposal, "training.", _INDENT)),
        pipeline="\n".join(_command(proposal)),
    )


def scalar(value: object) -> str:
    """Return a value as YAML writes it on one line, quoted where it must be."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9).strip()
    return text.removesuffix("...").strip()


def _people(proposal: Proposal) -> str:
    why = f"the name you answer with: autopilot approve RUN --as {shlex.quote(proposal.person)}"
    return _checked(f"  {scalar(proposal.person)}: {{}}", why)


def _registry(proposal: Proposal) -> str:
    return _checked(f"    registry: {{model: {scalar(proposal.model)}}}", "its name in MLflow; alias `champion` serves")


def _approvers(proposal: Proposal) -> str:
    return _checked(f"      approvers: [{scalar(proposal.person)}]", "nobody else's answer counts")


def _checked(text: str, why: str) -> str:
    return "\n".join(_line(text, Choice("", None, why, check=True)))


def _monitor(proposal: Proposal) -> Iterator[str]:
    for name in ("source", "id", "timestamp", "version", "prediction"):
        yield from _field(proposal.choice(name), _INDENT)
    positive = proposal.choice("positive")
    score = f"{_INDENT}score: {{method: predict_proba, positive: {scalar(positive.value)}, threshold: 0.5}}"
    yield from _line(score, Choice("positive", None, f"positive: {positive.because}", positive.check))
    yield from _features(proposal.choice("features"))
    yield from _labels(proposal)
    yield from _field(proposal.choice("window"), _INDENT)
    yield f"{_INDENT}reference:"
    yield from _group(proposal, "reference.", _INDENT + "  ")


def _group(proposal: Proposal, prefix: str, indent: str) -> Iterator[str]:
    for choice in proposal.choices:
        if choice.field.startswith(prefix):
            yield from _field(choice, indent)


def _field(choice: Choice, indent: str) -> Iterator[str]:
    """Yield the lines of one field; only a comment where it is left out."""
    key = choice.field.rpartition(".")[2]
    if choice.value is None:
        yield from _comment(f"no {key}: {choice.because}", indent)
    else:
        yield from _line(f"{indent}{key}: {scalar(choice.value)}", choice)


def _line(text: str, choice: Choice) -> Iterator[str]:
    """Yield a line with its reason beside it, or above it where there is no room."""
    why = words.printable(words.one_line(("CHECK: " if choice.check else "") + choice.because))
    if len(text) < _COMMENT_AT and _COMMENT_AT + len(why) + 2 <= _LINE:
        yield f"{text.ljust(_COMMENT_AT)}# {why}"
        return
    yield from _comment(why, text[: len(text) - len(text.lstrip())])
    yield text


def _comment(text: str, indent: str) -> list[str]:
    mark = f"{indent}# "
    line = words.printable(words.one_line(text))
    return textwrap.wrap(line, _LINE, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False)


def _features(choice: Choice) -> Iterator[str]:
    yield from _comment(("CHECK: " if choice.check else "") + choice.because, _INDENT)
    line = f"{_INDENT}features: ["
    for name in choice.value[:-1]:
        piece = f"{scalar(name)}, "
        if len(line) + len(piece) > _LINE:
            yield line.rstrip()
            line = f"{_INDENT}  "
        line += piece
    yield f"{line}{scalar(choice.value[-1])}]"


def _labels(proposal: Proposal) -> Iterator[str]:
    label = proposal.choice("labels.label")
    if label.value is not None:
        yield f"{_INDENT}labels:"
        yield from _group(proposal, "labels.", _INDENT + "  ")
        return
    yield from _comment(f"CHECK: {label.because}. Without labels nobody can tell how good the model is:", _INDENT)
    yield f"{_INDENT}# labels: {{source: labels/*.parquet, id: ID, label: LABEL, timestamp: LABELLED_AT, delay: 3d}}"


def _command(proposal: Proposal) -> Iterator[str]:
    choice = proposal.choice("command")
    words_of_it = ", ".join(scalar(word) for word in choice.value)
    yield from _line(f"{_INDENT}command: [{words_of_it}]", choice)


def summary(proposal: Proposal, out: Path) -> str:
    """Return what was done, what to check and the next command."""
    config = "" if str(out) == "autopilot.yaml" else f" --config {shlex.quote(str(out))}"
    rows = [
        ["!" if each.check else words.MARK["passed"], each.field, _shown(each.value), each.because]
        for each in proposal.choices
    ]
    lines = [
        f"wrote {out}. {proposal.origin}",
        *([words.table(["", "", "", ""], rows, words.WIDTH, "  ").partition("\n")[2]] if _was_seen(proposal) else []),
        "check in the file: each line marked CHECK (above: !), who may approve, and the least a model must reach",
        f"next: autopilot doctor{config}, then: autopilot run {proposal.model}{config}",
    ]
    return words.printable("\n".join(lines))


def _was_seen(proposal: Proposal) -> bool:
    """Tell a proposal from the template."""
    return not all(choice.check for choice in proposal.choices)


def _shown(value: object) -> str:
    if value is None:
        return words.NOTHING
    if isinstance(value, list):
        listed = " ".join(map(str, value[:3]))
        return listed if len(value) <= 3 else f"{listed} … ({len(value)})"
    return str(value)
