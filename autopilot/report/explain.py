"""Why a run did, or did not, act: on one screen, from the ledger alone."""

from autopilot.report import words
from graph.model import Json

_REACHED = ("passed", "blocked")


def explain_text(found: Json) -> str:
    """Return the explanation of one run: conclusion, evidence, rules, what was done, what comes next."""
    parts = [
        [words.headline(found), f"  {found['reason'] or 'no decision yet: the check is still running or died'}"],
        _diagnosis(found),
        _evidence(found["evidence"]),
        _rules(found["rules"]),
        _checks(found),
        _story(found),
        _next(found),
    ]
    return "\n".join(line for part in parts for line in part)


def _diagnosis(found: Json) -> list[str]:
    said = [f"  verdict {found['verdict'] or '–'} · cause {found['cause'] or '–'} · action {found['action'] or '–'}"]
    if found["requested_by"]:
        said.append(f"  asked for by {found['requested_by']}")
    return said + [f"  because of {blame['feature']}: {blame['detail']}" for blame in found["blame"][:5]]


def _evidence(evidence: Json | None) -> list[str]:
    if evidence is None:
        return []
    rows = f"  rows {evidence['rows']} ({words.number(evidence['expected_rows'])} expected)"
    window = f"{words.moment(evidence['start'])} to {words.moment(evidence['end'])}"
    lines = [
        "",
        f"evidence as of {words.moment(evidence['as_of'])}, champion {evidence['champion'] or 'none'}",
        f"{rows} · {window}",
    ]
    lines += _moved(evidence)
    lines += _labels(evidence["labels"])
    return lines + [f"  note: {note}" for note in evidence["notes"][:4]]


def _moved(evidence: Json) -> list[str]:
    known = [feature for feature in evidence["features"] if feature["psi"] is not None]
    top = sorted(known, key=lambda feature: -feature["psi"])[:3]
    if not top:
        return []
    shown = ", ".join(f"{f['name']} {f['psi']:.3f} (noise {words.number(f['psi_noise'])})" for f in top)
    return [f"  largest PSI: {shown}"]


def _labels(labels: Json | None) -> list[str]:
    if labels is None:
        return ["  labels: none to judge by"]
    came = f"{labels['labelled']} of {labels['predictions']} rows labelled, {labels['positives']} positive"
    expected = f"{labels['expected_positives']:.0f} ± {labels['expected_positives_sd']:.0f} expected from the scores"
    lines = [f"  labels {words.moment(labels['start'])} to {words.moment(labels['end'])}: {came} ({expected})"]
    if labels["realised"]:
        foreseen = (
            f"scores foresee {words.number(labels['foreseen'])}, reference {words.number(labels['reference_value'])}"
        )
        lines.append(f"  {labels['metric']} {words.interval(labels['realised'])} · {foreseen}")
    if labels["brier_excess"]:
        lines.append(f"  unexplained loss per row (Brier excess) {words.interval(labels['brier_excess'], signed=True)}")
    return lines


def _rules(rules: list[Json]) -> list[str]:
    """Show the rules that were reached; those behind the decisive one are counted."""
    if not rules:
        return []
    reached = [rule for rule in rules if rule["outcome"] in _REACHED]
    width = max((len(rule["rule"]) for rule in reached), default=0)
    lines = ["", "rules"]
    for rule in reached:
        limit = f" (limit {words.number(rule['limit'])})" if rule["limit"] is not None else ""
        value = f"{words.number(rule['value'])}{limit}" if rule["value"] is not None else ""
        detail = f"  {rule['detail']}" if rule["detail"] else ""
        lines.append(f"  {words.MARK[rule['outcome']]} {rule['rule'].ljust(width)}  {value}{detail}".rstrip())
    hidden = [rule["rule"] for rule in rules if rule["outcome"] not in _REACHED]
    return lines + ([f"  · not reached: {', '.join(hidden)}"] if hidden else [])


def _checks(found: Json) -> list[str]:
    if not found["checks"]:
        return []
    lines = [
        "",
        f"validation of {found['challenger']} against {found['champion'] or 'no champion'}: {found['validation']['reason']}",
    ]
    for check in found["checks"]:
        limit = f" (limit {words.number(check['limit'])})" if check["limit"] is not None else ""
        lines.append(
            f"  {words.MARK[check['outcome']]} {check['name']}  {words.number(check['value'])}{limit}  {check['detail']}".rstrip()
        )
    return lines


def _story(found: Json) -> list[str]:
    lines: list[str] = []
    if found["job"]:
        lines.append(
            f"  job {found['job']['id']} ({found['job']['pipeline']}): {found['job']['state']}, output in {found['job_log'] or '–'}"
        )
    approval = found["approval"]
    if approval:
        lines.append(
            f"  approval {approval['state']}, fingerprint {approval['fingerprint'][:16]}, until {words.moment(approval['expires_at'])}"
        )
        lines += [
            f"    {a['person']}: {a['decision']} by {a['channel']} at {words.moment(a['at'])} {a['comment']}".rstrip()
            for a in approval["answers"]
        ]
        lines += [f"    {approval['reason']}"] if approval["reason"] else []
    if found["promotion"]:
        moved = found["promotion"]
        lines.append(
            f"  champion {moved['from_version'] or 'none'} → {moved['to_version']}, sha256 {moved['digest'][:16]}"
        )
    lines += [
        f"  {line['actor']} {line['act']} at {words.moment(line['at'])}"
        for line in found["audit"]
        if line["act"] not in ("approve", "deny")
    ]
    if found["error"]:
        lines.append(f"  stands still: {found['error']['message']}")
    return ["", "what was done", *lines] if lines else []


def _next(found: Json) -> list[str]:
    return ["", f"next: {found['next']}"] if found["next"] else []
