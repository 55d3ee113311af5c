"""What doctor finds about one process of a split deployment: what it can do, and what it holds without need."""

from collections.abc import Iterator

from autopilot.capabilities import ALL, Capability, require_apart, words
from autopilot.findings import finding
from autopilot.settings import Settings
from autopilot.stores import Stores
from checkpoints import roles
from graph.model import Json
from tools import catalogue

_OWN = "give it the login of what it does: autopilot db roles"
_UPKEEP = "have the ledger's owner type: autopilot db prune, from cron say"


def environment(settings: Settings, can: frozenset[Capability]) -> Iterator[Json]:
    """Look at what lies in the process's environment and is for another's deeds. Misconfigured for a model's key."""
    require_apart(can, settings.llm_api_key is not None)
    if "train" in can:
        return
    training = tuple(f"AUTOPILOT_{kind.upper()}_" for kind in catalogue.PIPELINES)
    strange = [name for name in sorted(settings.logins) if name.startswith(training)]
    strange += ["AUTOPILOT_TRAINER_TRACKING_URI"] if settings.trainer_tracking_uri else []
    if strange:
        detail = f"it holds {', '.join(strange)}, and this process trains nothing"
        yield finding("environment", "warning", detail, "unset here what only --can train needs")


def process(found: Stores, can: frozenset[Capability]) -> Iterator[Json]:
    """Say what the process can do and as which database role. Too many rights are a finding where they are split."""
    has = roles.standing(found.ledger)
    said = f"--can {words(can)}, as database role {has.role}"
    lacks = [each for each in sorted(can or {"doors"}) if each not in has.can]
    more = (has.can & ALL) - can
    if lacks:
        yield finding("process", "failed", f"{said}, which has not the rights to {', '.join(lacks)}", _OWN)
    elif can != ALL and has.owner:
        yield finding("process", "warning", f"{said}, which owns the ledger and may do anything there", _OWN)
    elif can == ALL and not has.owner:
        yield finding("process", "warning", f"{said}, which may fold and drop nothing that is old", _UPKEEP)
    elif more:
        yield finding("process", "warning", f"{said}, which has the rights to {words(more)}, too", _OWN)
    else:
        yield finding("process", "ok", said)


def registry_login(found: Stores) -> Iterator[Json]:
    """Look at the MLflow login of a process that neither trains nor promotes."""
    from tools.registry import rights

    if not rights.tries(found.registry):
        yield finding("registry login", "ok", "its rights are your MLflow server's to set: it need move no alias")
        return
    trespasses = rights.trespasses(found.registry)
    if trespasses:
        detail = f"it can {', '.join(trespasses)}, and this process neither trains nor promotes"
        yield finding("registry login", "warning", detail, _OWN)
    else:
        yield finding("registry login", "ok", "tried: it can move no alias")
