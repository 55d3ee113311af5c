"""The Evaluator: hands a comparison to a child process that holds none of our secrets, and reads what it measured."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graph import codec
from graph.errors import Misconfigured, Unavailable
from graph.model import Artifact, Comparison, Holdout
from graph.spec import ModelSpec
from tools.evaluation.processes import Ended, run
from tools.evaluation.request import PROGRESS, TIMED_ROWS, Request, nothing_measured

_ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Single-row latency is measured, and a worker that evaluates must leave the machine to others."""
_KEPT_OUTPUT = 65_536
_SHOWN_LINES = 3
_SHOWN_OUTPUT = 600
_GRACE_S = 30.0


class ChildEvaluator:
    """Evaluates in `python -P -m tools.evaluation.child`.

    `environment` is all the child gets (PATH, LANG …), beside its folder as HOME and TMPDIR, UTC, and one thread where
    the environment does not say more. `scratch` is where each comparison gets a folder of its own, removed afterwards.
    `positive` is the class whose probability is the score, `threshold` the score from which on a decision is positive.
    `timed_rows` is how many single predictions of each model are timed.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        python: str,
        scratch: Path,
        timeout_s: float = 900.0,
        positive: bool | int | float | str = 1,
        threshold: float = 0.5,
        timed_rows: int = TIMED_ROWS,
    ) -> None:
        self._environment = dict(environment)
        self._python = python
        self._scratch = scratch
        self._timeout_s = timeout_s
        self._positive = positive
        self._threshold = threshold
        self._timed_rows = timed_rows

    def compare(
        self,
        spec: ModelSpec,
        holdout: Holdout,
        champion: Artifact | None,
        challenger: Artifact,
        harm_from: datetime | None,
        origin: Artifact | None = None,
    ) -> Comparison:
        """Return measured differences; a model that cannot be loaded, or kills the child, is `load_error`.

        An `origin` that does is `origin_error`, beside all that was measured of the others.

        Raises Unavailable when the evaluation itself could not be done (no interpreter, full disk, holdout file gone),
        Misconfigured when the policy names a slice that the log does not hold.
        """
        _check_slices(spec)
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory("", "evaluation-", self._scratch, ignore_cleanup_errors=True) as name:
                folder = Path(name).resolve()
                request = self._request(spec, holdout, champion, challenger, harm_from, folder)
                if origin is not None:
                    request = replace(request, origin=str(Path(origin.path).absolute()))
                return self._run(request, holdout, folder)
        except OSError as error:
            raise Unavailable(
                f"{spec.name}: the evaluation could not be run: {error}",
                "check the interpreter and the free space on the disk, then resume the run",
            ) from error

    def _request(
        self,
        spec: ModelSpec,
        holdout: Holdout,
        champion: Artifact | None,
        challenger: Artifact,
        harm_from: datetime | None,
        folder: Path,
    ) -> Request:
        places = {"HOME": str(folder), "TMPDIR": str(folder), "TZ": "UTC"}
        return Request(
            model=spec.name,
            features=spec.features,
            metric=spec.policy.metric,
            validation=spec.validation,
            holdout=str(Path(holdout.path).absolute()),
            champion=None if champion is None else str(Path(champion.path).absolute()),
            challenger=str(Path(challenger.path).absolute()),
            harm_from=harm_from,
            positive=self._positive,
            threshold=self._threshold,
            deadline_s=self._timeout_s + _GRACE_S,
            command_timeout_s=self._timeout_s / 3,
            task=spec.task,
            timed_rows=self._timed_rows,
            command_environment={**_ONE_THREAD, **self._environment, **places},
        )

    def _run(self, request: Request, holdout: Holdout, folder: Path) -> Comparison:
        request_file, result_file = folder / "request.json", folder / "result.json"
        request_file.write_text(json.dumps(codec.dump(request)), "utf-8")
        command = [self._python, "-P", "-m", "tools.evaluation.child", str(request_file), str(result_file)]
        # The given PYTHONPATH is for the metric command: it may lead to other packages of our names.
        environment = {**request.command_environment, "PYTHONPATH": str(_ROOT)}
        ended = run(command, folder, self._timeout_s, _KEPT_OUTPUT, environment, own_group=True)
        if ended.code == 0 and result_file.exists():
            return _read(result_file)
        died = self._died(request, holdout, ended, folder / PROGRESS)
        # What is there was written before the version that was approved first was touched: it killed the process.
        return replace(_read(result_file), origin_error=died.load_error) if result_file.exists() else died

    def _died(self, request: Request, holdout: Holdout, ended: Ended, progress: Path) -> Comparison:
        doing = progress.read_text("utf-8").split() if progress.exists() else ["starting"]
        text = _last_words(ended.err) or _last_words(ended.out) or "it printed nothing"
        what = f"the evaluation process {ended.how(self._timeout_s)} while"
        if len(doing) == 2:
            reason = f"{what} {doing[1]} the {doing[0]}; the end of its output: {text}"
            return nothing_measured(holdout.rows, holdout.positives, reason)
        raise Unavailable(f"{request.model}: {what} {doing[0]}; the end of its output: {text}", "resume the run")


def _read(result_file: Path) -> Comparison:
    return codec.load(Comparison, json.loads(result_file.read_text("utf-8")))


def _last_words(output: str) -> str:
    """Return the last lines on one line: a traceback says last what went wrong."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-_SHOWN_LINES:])[-_SHOWN_OUTPUT:]


def _check_slices(spec: ModelSpec) -> None:
    unknown = sorted(set(spec.validation.slices) - set(spec.features))
    if unknown:
        raise Misconfigured(
            f"{spec.name}: validation.slices names {', '.join(unknown)}, which is not among the features",
            "name features of the prediction log",
        )
