"""Write a first autopilot.yaml: a template, or an entry proposed from a prediction log, each guess with its reason."""

import os
import re
import sys
from datetime import date
from pathlib import Path

from autopilot import settings as configured
from autopilot import spec
from autopilot.initial import text
from autopilot.initial.asking import Asker, Silent, Terminal
from autopilot.initial.columns import propose
from graph.errors import Misconfigured
from graph.model import Json

_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def write(log: str | None, model: str | None, out: str, ask: bool) -> Json:
    """Write `out` and return {"path", "proposed", "text"}. Asks on a terminal if `ask`, else takes every proposal.

    Misconfigured when the file exists already, or the log cannot be read or lacks what every model needs.
    """
    asker = Terminal() if ask and sys.stdin.isatty() else Silent()
    return write_with(asker, log, model, Path(out))


def write_with(asker: Asker, log: str | None, model: str | None, out: Path) -> Json:
    """Do what `write` does, asking `asker`."""
    _require_free(out)
    person = name_from(configured.load().os_user, "me")
    name = model or (asker.tell("The model's name", name_from(_stem(log), "my-model")) if log else "my-model")
    _require_name(name)
    proposal = propose(asker, log, name, person, out.absolute().parent) if log else text.example(name, person)
    written = text.render(proposal)
    spec.parse(written, str(out))
    _create(out, written)
    return {
        "path": str(out),
        "proposed": {
            choice.field: {"value": _plain(choice.value), "because": choice.because, "check": choice.check}
            for choice in proposal.choices
        },
        "text": text.summary(proposal, out),
    }


def _require_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", name):
        raise Misconfigured(f"{name!r} cannot be a model's name", "use letters, digits, dots, dashes and underscores")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def name_from(found: str, otherwise: str) -> str:
    """Return text as a name that the file may use."""
    return _NAME.sub("-", found).strip("-._")[:100] or otherwise


def _stem(log: str) -> str:
    """Return the telling part of a log's path: of `data/fraud/predictions/*.parquet` it is `fraud`."""
    telling = [part for part in Path(log).parts if not set(part) & set("*?[")]
    stems = [re.sub(r"(\.parquet|\.csv|\.gz)+$", "", part) for part in reversed(telling)]
    dull = {"predictions", "prediction", "log", "logs", "data", "tmp", "var", "home", "root", os.sep, ".", "..", ""}
    return next((stem for stem in stems if stem.lower() not in dull), "my-model")


def _require_free(out: Path) -> None:
    if os.path.lexists(out):
        raise Misconfigured(f"{out} exists already; nothing was written", "name another with --out, or move it away")
    if not out.absolute().parent.is_dir():
        raise Misconfigured(f"there is no folder {out.absolute().parent}", "make it first, or name another with --out")


def _create(out: Path, written: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise Misconfigured(f"{out} exists already; nothing was written", "name another with --out") from None
    except OSError as error:
        raise Misconfigured(f"{out} cannot be written: {error.strerror}", "name another with --out") from None
