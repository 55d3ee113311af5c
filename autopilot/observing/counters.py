"""Counters: what was counted in the ledger as it was written, by every process, since the first run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from prometheus_client.metrics_core import Metric

from autopilot import defects
from autopilot.observing.families import counter
from autopilot.observing.scene import Scene
from graph.errors import AutopilotError, Misconfigured, NotFound, Refused, Unavailable
from graph.model import Action, RunOutcome, Verdict

_KINDS = (*(each.kind for each in (Unavailable, Refused, Misconfigured, NotFound, AutopilotError)), defects.KIND)
_SENDERS = ("alertmanager", "grafana")
Counts = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Counted:
    """One counter: what the ledger calls it, and the values of its label that are shown before they ever rose.

    A counter that appears with its first rise has no rise that Prometheus could see.
    """

    what: str
    name: str
    about: str
    labels: Sequence[str] = ()
    known: Sequence[str] = ()

    def family(self, counts: Counts) -> Metric:
        """Return it as the library has it."""
        width = len(self.labels)
        values: dict[tuple[str, ...], float] = {(each,): 0.0 for each in self.known} if width else {(): 0.0}
        values |= {labels[:width]: amount for labels, amount in counts.items()}
        return counter(self.name, self.about, self.labels, values)


_COUNTERS = (
    _Counted("checks", "checks", "Checks that were decided, by verdict.", ["verdict"], get_args(Verdict)),
    _Counted("decisions", "decisions", "Decisions, by action.", ["action"], get_args(Action)),
    _Counted("blocked", "rules_blocked", "Decisions that a rule stopped or made, by action.", ["rule", "action"]),
    _Counted("runs", "runs", "Runs that ended, by outcome; every check is one.", ["outcome"], get_args(RunOutcome)),
    _Counted("errors", "errors", "Errors that runs stood still or ended by, by kind.", ["kind"], _KINDS),
    _Counted("trainings", "retrains", "Training jobs that were started."),
    _Counted("promotions", "promotions", "Versions put into production.", ["action"], ("retrain", "rollback")),
    _Counted("answers", "answers", "Answers of people that counted.", ["decision", "channel"]),
    _Counted("alerts_received", "alerts_received", "Firing alerts that came, repeats too.", ["sender"], _SENDERS),
    _Counted("alerts_stored", "alerts_stored", "Firing alerts that were not there before.", ["sender"], _SENDERS),
    _Counted("tokens", "llm_tokens", "Tokens that a language model used."),
)


def counters(scene: Scene) -> Iterator[Metric]:
    """Yield every counter; one query for all of them."""
    counts: dict[str, dict[tuple[str, str], float]] = {}
    for row in scene.book.tallies.counted():
        counts.setdefault(row["what"], {})[row["label"], row["more"]] = float(row["amount"])
    for each in _COUNTERS:
        yield each.family(counts.get(each.what, {}))
