"""What a thread carries: JSON values and references only. Evidence, reports and rows live in the ledger."""

from typing_extensions import TypedDict

from graph.errors import Misconfigured
from graph.model import SCHEMA_VERSION


class State(TypedDict, total=False):
    """One run. Keys are only ever added; a changed meaning raises `schema_version` and gets a step in `current`."""

    schema_version: int
    run: str
    """uuid of the run; also its row in the ledger."""
    model: str
    verdict: str
    cause: str
    action: str
    """none | wait | fix_data | retrain | rollback."""
    reason: str
    """One sentence: why the run is where it is."""
    advice: str
    """In one line what a language model's opinion came to, where one was to be asked."""
    job: str
    """State of the training job, once there is one."""
    challenger: str
    """Version of NAME-candidates (rollback: of NAME) that the run judges."""
    validation: str
    """passed | failed | inconclusive | error."""
    approval: str
    """approved | denied | expired | voided."""
    outcome: str
    """Set by the node that ended the run."""


class Waiting(TypedDict):
    """What an interrupted node waits for, as any client sees it."""

    kind: str
    """training | approval."""
    run: str
    model: str
    text: str


def training_key(model: str, run: str) -> str:
    """Return the key that a run's training job carries wherever it runs."""
    return f"{model}.{run}"


def current(state: State) -> State:
    """Return a state that was written by this or an earlier schema, in today's form.

    Raises Misconfigured for a state from a newer release: nothing of it is guessed at.
    """
    version = state.get("schema_version", SCHEMA_VERSION)
    if version > SCHEMA_VERSION:
        raise Misconfigured(
            f"run {state.get('run', '?')} of {state.get('model', '?')} was written by a newer release"
            f" (state schema {version}, this one knows {SCHEMA_VERSION})",
            "carry it on with that release, or end it with: autopilot cancel RUN",
        )
    return {**state, "schema_version": SCHEMA_VERSION}
