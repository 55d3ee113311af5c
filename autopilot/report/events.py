"""What happened in a run, in order: from its rows, not from a log."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from autopilot import words
from autopilot.report.reading import is_return
from graph.model import Json
from graph.policy.words import span


def course(found: Json) -> list[tuple[str, str]]:
    """Return (RFC 3339 time, what happened), oldest first."""
    return sorted(_events(found), key=lambda event: event[0])


def durations(found: Json) -> dict[str, str]:
    """Return how long training, judgement and decision took, as far as each is known."""
    ran = found["job_ran_s"]
    validation, approval = found["validation"], found["approval"]
    judged = validation["validated_at"] if validation else None
    answered = approval["answers"][-1]["at"] if approval and approval["answers"] else None
    return {
        "training": span(timedelta(seconds=ran)) if ran else "",
        "from check to judgement": _between(found["started_at"], judged),
        "from judgement to the last answer": _between(judged, answered),
    }


def _between(start: str | None, end: str | None) -> str:
    if not start or not end:
        return ""
    took = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return span(took) if took else ""


def _events(found: Json) -> Iterator[tuple[str, str]]:
    decided = found["decision"]
    done = (
        f"checked: {words.spoken(decided['verdict'])}, {words.spoken(decided['action'])}" if decided else "check begun"
    )
    yield found["started_at"], done
    yield from _training(found)
    validation = found["validation"]
    if validation:
        noun = "earlier version" if is_return(found) else "challenger"
        yield (
            validation["validated_at"],
            f"{noun} {validation['challenger']['version']} judged: {validation['outcome']}",
        )
    yield from _people(found)
    moved = found["promotion"]
    if moved:
        yield moved["at"], f"champion moved from {moved['from_version'] or 'none'} to {moved['to_version']}"
    if found["outcome"]:
        yield found["updated_at"], f"ended: {words.spoken(found['outcome'])}"


def _training(found: Json) -> Iterator[tuple[str, str]]:
    for effect in found["effects"]:
        if effect["kind"] == "training":
            job = found["job"]
            yield (
                effect["intended_at"],
                f"training started: {job['pipeline']} job {job['id']}" if job else "training started",
            )
        if effect["kind"] == "candidate" and effect["state"] == "done":
            yield effect["done_at"], f"candidate {found['challenger'] or ''} registered"


def _people(found: Json) -> Iterator[tuple[str, str]]:
    for answer in found["approval"]["answers"] if found["approval"] else []:
        done = "approved" if answer["decision"] == "approve" else "denied"
        beside = f", OS user {answer['os_user']}" if answer["os_user"] else ""
        comment = f": “{answer['comment']}”" if answer["comment"] else ""
        yield answer["at"], f"{answer['person']} {done} by {answer['channel']}{beside}{comment}"
    for line in found["audit"]:
        if line["act"] not in ("approve", "deny"):
            yield line["at"], f"{line['actor']}: {line['act']}"
