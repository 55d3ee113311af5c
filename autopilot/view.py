"""Runs, decisions and validations as the JSON objects that every door shows: one shape, read from the ledger alone."""

from datetime import datetime
from typing import Any

from autopilot import accounts, words
from autopilot.shadowing import shadow
from checkpoints.ledger.book import PostgresLedger
from graph.codec import dump
from graph.errors import NotFound, Refused
from graph.model import Approval, Json, Validation

Row = dict[str, Any]

_MOST_CHECKS = 400
"""Checks to look back over: more windows than that no page can draw."""

_NEXT = {
    "training": "autopilot resume {run} --wait",
    "awaiting_approval": "autopilot approve {run} --as NAME, or: autopilot deny {run} --as NAME",
    "running": "autopilot resume {run}",
    "rolling_out": "autopilot resume {run}",
}


def find(book: PostgresLedger, word: str) -> Row:
    """Return the run that `word` names: an id or its first characters. NotFound or Refused say what to type instead."""
    rows = book.runs.matching(word) if _is_id(word) else []
    if len(rows) > 1:
        raise Refused(
            f"{word} begins the ids of several runs", "write more of it: " + ", ".join(str(r["run"]) for r in rows)
        )
    if not rows:
        raise NotFound(f"no run {word}", "list them with: autopilot runs")
    return rows[0]


def find_any(book: PostgresLedger, word: str) -> Row:
    """Return the run that `word` names, or the newest run of the model of that name."""
    latest = book.runs.latest(word)
    return latest if latest else find(book, word)


def _is_id(word: str) -> bool:
    return len(word) >= 4 and all(character in "0123456789abcdefABCDEF-" for character in word)


def run(book: PostgresLedger, row: Row) -> Json:
    """Return one run as the object that CLI, API and webhooks share."""
    name = str(row["run"])
    return _run(row, book.validation(name), book.approval(name), book.runs.trace_links([name]).get(name))


def runs(book: PostgresLedger, rows: list[Row]) -> list[Json]:
    """Return many runs, with one query per kind of thing they may have."""
    names = [str(row["run"]) for row in rows]
    validations, approvals = book.decisions.validations(names), book.approvals.of_many(names)
    links = book.runs.trace_links(names)
    return [
        _run(row, validations.get(run), approvals.get(run), links.get(run))
        for run, row in zip(names, rows, strict=True)
    ]


def _run(row: Row, validation: Validation | None, approval: Approval | None, link: str | None) -> Json:
    name, status = str(row["run"]), row["status"]
    return {
        "run": name,
        "model": row["model"],
        "status": status,
        "outcome": row["outcome"],
        "verdict": row["verdict"],
        "cause": row["cause"],
        "action": row["action"],
        "reason": row["reason"],
        "champion": row["champion"],
        "challenger": row["challenger"],
        "job": _job(row),
        "checks": [_check(check) for check in dump(validation)["checks"]] if validation else [],
        "approval": _approval(approval),
        "started_at": time(row["started_at"]),
        "updated_at": time(row["updated_at"]),
        "next": None if row["outcome"] else _NEXT.get(status, "autopilot resume {run}").format(run=name),
        "trace": link,
    }


def _job(row: Row) -> Json | None:
    job = row["job"]
    return {key: job[key] for key in ("id", "key", "pipeline", "state")} if job else None


def _check(check: Json) -> Json:
    return {key: check[key] for key in ("name", "outcome", "value", "limit", "detail")}


def _approval(approval: Approval | None) -> Json | None:
    if approval is None:
        return None
    return {
        "id": approval.id,
        "state": approval.state,
        "fingerprint": approval.fingerprint,
        "expires_at": time(approval.expires_at),
        "answers": [{**dump(answer), "at": time(answer.at)} for answer in approval.answers],
        "reason": approval.reason,
    }


def explanation(book: PostgresLedger, row: Row) -> Json:
    """Return a run with everything that led to it: questions, rules, evidence, policy, effects, audit."""
    from autopilot.report.questions import questions

    found = _explanation(book, row)
    return {**found, "questions": questions(found)}


def _explanation(book: PostgresLedger, row: Row) -> Json:
    from autopilot.report.reading import measured

    name = str(row["run"])
    decided = book.decisions.row(name)
    folded = decided["folded_at"] if decided else None
    promotion = book.approvals.promotion(name)
    return {
        **run(book, row),
        "rules": decided["document"]["rules"] if decided else [],
        "blame": decided["document"]["blame"] if decided else [],
        "evidence": dump(book.evidence(name)) if decided and measured(decided["document"]) and not folded else None,
        "folded_at": time(folded) if folded else None,
        "decision": decided["document"] if decided else None,
        "advice": decided["document"].get("advice") if decided else None,
        "policy": decided["policy"] if decided else None,
        "validation": _validation(book, name),
        "promotion": {**promotion, "run": name, "at": time(promotion["at"])} if promotion else None,
        "effects": [_timed(effect, "intended_at", "done_at") for effect in book.effects.of(name)],
        "audit": [_timed(line, "at") for line in book.runs.audit_of(name)],
        "requested_by": row["requested_by"],
        "void_reason": row["void_reason"],
        "error": row["error"],
        "cost": accounts.cost(book.costs.of(name)),
        "job_ran_s": (row["job"] or {}).get("ran_s"),
        "job_detail": (row["job"] or {}).get("detail"),
        "job_log": (row["job"] or {}).get("log"),
        "traces": book.runs.traces(name),
        "shadow": shadow(book, row["model"], _mode(decided), row["started_at"]),
    }


def _mode(decided: Row | None) -> str:
    return str(decided["policy"]["policy"]["mode"]) if decided else ""


def _validation(book: PostgresLedger, name: str) -> Json | None:
    validation = book.validation(name)
    return dump(validation) if validation else None


def course(book: PostgresLedger, row: Row) -> Json:
    """Return what a report draws beside the run.

    What the newest checks measured up to it, oldest first; which rows were set aside then; how the telling features'
    rows lie and lay in the reference.
    """
    return {
        "checks": book.checks.course(row["model"], row["started_at"], _MOST_CHECKS),
        "quarantined": [{"start": time(start), "end": time(end)} for start, end in book.checks.set_aside(row["run"])],
        "distributions": _distributions(book, row),
    }


def _distributions(book: PostgresLedger, row: Row) -> list[Json]:
    from autopilot.report.distributions import distributions, telling
    from autopilot.report.reading import measured

    decided = book.decisions.row(str(row["run"]))
    if decided is None or decided["folded_at"] or not measured(decided["document"]):
        return []
    evidence = book.evidence(str(row["run"]))
    document = dump(evidence)
    names = telling(document, decided["document"]["blame"])
    if not names or evidence.start is None or evidence.end is None:
        return []
    counted = book.checks.counted(row["model"], names, evidence.start, evidence.end)
    return distributions(document, names, counted, book.checks.feature_profiles(row["model"]))


def _timed(row: Row, *keys: str) -> Json:
    return {**row, **{key: time(row[key]) for key in keys if row[key] is not None}}


def time(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second."""
    return words.rfc3339(at)


def code(document: Json) -> int:
    """Return the exit code of a command that shows this run."""
    if document["outcome"] == "failed" or (document["outcome"] and _errors(document)):
        return 1
    if document["outcome"]:
        return 0
    return {"awaiting_approval": 3}.get(document["status"], 4)


def _errors(document: Json) -> bool:
    """Tell whether the run could not be judged, for a technical reason: a model that does not load, a metric of NaN."""
    return any(check["outcome"] == "error" for check in document["checks"])
