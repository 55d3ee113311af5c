"""What a thread carries: JSON values and references only. Evidence, reports and rows live in the ledger."""

from typing_extensions import TypedDict

from graph.errors import Misconfigured
from graph.model import SCHEMA_VERSION, Json


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


class Begin(TypedDict, total=False):
    """What a check is begun with: all that Studio asks for."""

    model: str
    """Its name in autopilot.yaml."""
    run: str
    """Left out: whoever takes the request opens the run."""


class Waiting(TypedDict):
    """What an interrupted node waits for, as any client sees it."""

    kind: str
    """training | approval."""
    run: str
    model: str
    text: str


class Asking(Waiting):
    """A question to a person, as LangGraph Studio and both inboxes of agents look for it: each in keys of its own.

    Agent Inbox shows `action_request`, `config` and `description`, agent-chat-ui `action_requests` and
    `review_configs`; the keys of `Waiting` are the product's.
    """

    action_requests: list[Json]
    review_configs: list[Json]
    action_request: Json
    config: dict[str, bool]
    description: str


def asking(run: str, model: str, text: str, description: str, about: Json) -> Asking:
    """Return the question whether to promote, with what it is about: JSON values only, and nothing to edit."""
    name = "promote"
    return Asking(
        kind="approval",
        run=run,
        model=model,
        text=text,
        # Agent Inbox reads `arguments` where agent-chat-ui reads `args`.
        action_requests=[{"name": name, "args": about, "arguments": about, "description": description}],
        review_configs=[{"action_name": name, "allowed_decisions": ["approve", "reject"]}],
        action_request={"action": name, "args": about},
        config={"allow_accept": True, "allow_ignore": True, "allow_respond": True, "allow_edit": False},
        description=description,
    )


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
