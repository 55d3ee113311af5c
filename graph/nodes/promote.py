"""Make the approved bytes the champion: verify, upload, register, move the alias. Each step once, all repeatable."""

from graph.codec import dump, load
from graph.errors import Refused
from graph.model import Approval, Artifact, Json, ModelRef, Promotion, RunOutcome
from graph.policy import approval as gate
from graph.policy import pausing
from graph.policy.sealing import as_found
from graph.ports import Deps, Parts
from graph.state import State, current


def promote(state: State, *, parts: Parts) -> State:
    """Promote what the approval names, or void the run when anything it names has changed."""
    state = current(state)
    deps = parts(state["model"])
    run = state["run"]
    approval = deps.ledger.approval(run)
    if approval is None or approval.state != "approved":
        raise Refused(f"run {run} of {deps.spec.name} is not approved; nothing was promoted")
    with deps.ledger.alone(run, deps.spec.registry):
        return _promoted(state, deps, approval)


def _promoted(state: State, deps: Deps, approval: Approval) -> State:
    run, name = state["run"], deps.spec.registry
    own = _own_version(deps, state, approval)
    champion = deps.registry.alias(name, "champion")
    if own and champion and champion.version == own.version:
        # A killed attempt of this very run moved it: what changed since then changes nothing about that.
        _move(deps, run, own.version, approval.sealed.champion)
        return _record(state, deps, approval, own.version)
    pausing.require_running(deps.spec.name, deps.spec.tags, deps.ledger.pauses())
    artifact = deps.registry.fetch(_candidate(deps, state, approval), deps.workspace / run / "approved")
    serving = champion.version if champion else None
    changed = gate.difference(approval.sealed, as_found(approval.sealed, serving, artifact.digest, deps.spec))
    if changed:
        return _void(state, deps, changed)
    version = (
        ModelRef(name, approval.sealed.challenger) if _is_return(state) else _register(deps, run, approval, artifact)
    )
    _move(deps, run, version.version, approval.sealed.champion)
    return _record(state, deps, approval, version.version)


def _is_return(state: State) -> bool:
    return state["action"] == "rollback"


def _own_version(deps: Deps, state: State, approval: Approval) -> ModelRef | None:
    """Return the version of NAME this run stands for: an earlier one, or what a killed attempt registered."""
    if _is_return(state):
        # As approved, and not as the thread has it: others than the promoter may write there.
        return ModelRef(deps.spec.registry, approval.sealed.challenger)
    return deps.registry.find_version(deps.spec.registry, _key(state["run"], "version"))


def _candidate(deps: Deps, state: State, approval: Approval) -> ModelRef:
    name = deps.spec.registry if _is_return(state) else f"{deps.spec.registry}-candidates"
    return ModelRef(name, approval.sealed.challenger)


def _register(deps: Deps, run: str, approval: Approval, artifact: Artifact) -> ModelRef:
    name, sealed = deps.spec.registry, approval.sealed
    upload, register = _key(run, "release"), _key(run, "version")
    release = deps.ledger.once(
        run,
        "release",
        upload,
        lambda: deps.registry.find_release(name, upload),
        lambda: deps.registry.release(name, upload, artifact),
    )
    tags = {
        "autopilot.run": run,
        "autopilot.digest": artifact.digest,
        "autopilot.candidate": sealed.challenger,
        "autopilot.approval": approval.fingerprint,
    }

    def find() -> Json | None:
        version = deps.registry.find_version(name, register)
        return dump(version) if version else None

    def call() -> Json:
        return dump(deps.registry.create_version(name, register, release, tags))

    return load(ModelRef, deps.ledger.once(run, "version", register, find, call))


def _move(deps: Deps, run: str, version: str, champion: str | None) -> None:
    """Move `champion`, then `previous`: a run that dies or is void before the first move has changed no alias."""
    _alias(deps, run, "champion", version, champion)
    if champion is not None:
        _alias(deps, run, "previous", champion, None)


def _alias(deps: Deps, run: str, alias: str, to: str, expected: str | None) -> None:
    name = deps.spec.registry

    def find() -> Json | None:
        present = deps.registry.alias(name, alias)
        return {"id": to} if present and present.version == to else None

    def call() -> Json:
        present = deps.registry.alias(name, alias)
        before = expected if alias == "champion" else (present.version if present else None)
        deps.registry.move_alias(name, alias, to, before)
        return {"id": to}

    deps.ledger.once(run, alias, _key(run, alias), find, call)


def _record(state: State, deps: Deps, approval: Approval, version: str) -> State:
    run, now, sealed = state["run"], deps.clock.now(), approval.sealed
    promotion = Promotion(sealed.model, sealed.champion, version, sealed.challenger, sealed.challenger_digest, now)
    deps.ledger.record_promotion(run, promotion)
    reason = f"version {version} of {sealed.model} is champion; {gate.reason(approval)}"
    outcome: RunOutcome = "rolled_back" if _is_return(state) else "promoted"
    deps.ledger.finish(run, outcome, reason, now)
    return {"outcome": outcome, "reason": reason}


def _void(state: State, deps: Deps, changed: str) -> State:
    reason = f"voided, nothing was promoted: {changed}"
    now = deps.clock.now()
    deps.ledger.close_approval(state["run"], "voided", changed, now)
    deps.ledger.finish(state["run"], "voided", reason, now)
    return {"approval": "voided", "outcome": "voided", "reason": reason}


def _key(run: str, effect: str) -> str:
    return f"{run}.{effect}"
