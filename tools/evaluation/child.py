"""The evaluation process: `python -P -m tools.evaluation.child REQUEST RESULT`. The request file says everything."""

import gc
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from graph import codec
from graph.model import Comparison
from tools.evaluation.request import PROGRESS, Request

Compare = Callable[[Request, Path, Callable[[str], None], Callable[[Comparison], None]], Comparison]


def main(request_file: Path, result_file: Path) -> None:
    """Carry out the request and write the Comparison as JSON; the result file appears whole or not at all."""
    compare = _comparing()
    request = codec.load(Request, json.loads(request_file.read_text("utf-8")))
    # The parent ends this process in time; if the parent is gone, nobody else does. Works inside native code too.
    signal.alarm(math.ceil(request.deadline_s))
    folder = result_file.parent
    comparison = compare(request, folder, lambda text: _note(folder, text), lambda part: _write(part, result_file))
    _note(folder, "writing")
    _write(comparison, result_file)


def _comparing() -> Compare:
    # Most of a small evaluation is this import; what it loads stays, so a tenth of it would be collections for nothing.
    gc.disable()
    from tools.evaluation.comparing import compare

    gc.enable()
    return compare


def _write(comparison: Comparison, result_file: Path) -> None:
    unfinished = result_file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(codec.dump(comparison), allow_nan=False), "utf-8")
    os.replace(unfinished, result_file)


def _note(folder: Path, text: str) -> None:
    (folder / PROGRESS).write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
