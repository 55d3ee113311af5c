"""Why a run did, or did not, act: on one screen, from its explanation alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from autopilot import words
from autopilot.report.advice import advice_lines
from autopilot.report.reading import compared, conclusion, is_slice, lost_slices
from graph.model import Json

_INDENT = " " * 10
_MOST_DRIFTED = 3
_MOST_NOTES = 3
_MOST_OUTPUT = 6
"""Lines from the end of a failed job's output: its log has the rest."""
_AFTERWARDS = {
    "no_action": "nothing; the next check looks again",
    "waiting": "nothing; the next check looks again",
    "data_issue": "have the data fixed; the window stays out of evidence and training",
    "shadowed": "nothing in shadow mode; set mode: supervised to let it act",
    "validation_failed": "the next check may train another, within cool-down and budgets",
    "validation_inconclusive": "the next check judges this candidate again before it trains another",
    "denied": "the next check may train another, within cool-down and budgets",
    "expired": "the next check may train another, within cool-down and budgets",
    "voided": "the next check decides anew",
    "cancelled": "the next check decides anew",
    "promoted": "to go back: autopilot rollback {model}",
    "rolled_back": "to return: autopilot rollback {model}",
    "failed": "find the reason first; the next check may train again, within cool-down and budgets",
}


def explain_text(found: Json, width: int = words.WIDTH) -> str:
    """Return the explanation of one run: conclusion, evidence, rules, what was done, what comes next."""
    page = _Page(width)
    for part in (_top, _seen, _labels, _rules, _advice, _story, _errors, _next):
        part(page, found)
    return words.printable("\n".join(page.lines))


class _Page:
    """Lines of a screen: a word in the margin, what it is about beside it."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []

    def say(self, margin: str, text: str) -> None:
        """Add text beside a word, wrapped."""
        self.lines += words.wrapped(text, margin.ljust(len(_INDENT)), _INDENT, self.width)

    def say_all(self, margin: str, texts: Iterable[str]) -> None:
        """Add several texts, each on its own line, the first beside the word."""
        for text in texts:
            self.say(margin, text)
            margin = ""

    def point(self, mark: str, text: str) -> None:
        """Add one marked line."""
        self.lines += words.wrapped(text, f"  {mark} ", "    ", self.width)

    def points(self, mark: str, texts: Sequence[str]) -> None:
        """Add many short texts one after the other behind one mark."""
        self.lines += words.flowing(texts, f"  {mark} ", "    ", self.width)

    def quote(self, text: str) -> None:
        """Add the end of somebody else's output as it is."""
        room = max(1, self.width - len(_INDENT) - 2)
        pieces = [line[at : at + room] for line in text.splitlines() for at in range(0, len(line), room)]
        self.lines += [f"{_INDENT}| {piece}" for piece in pieces[-_MOST_OUTPUT:]]

    def gap(self) -> None:
        """Separate what follows."""
        self.lines.append("")


Part = Callable[[_Page, Json], None]


def _top(page: _Page, found: Json) -> None:
    who = f" · asked for by {words.one_line(found['requested_by'])}" if found["requested_by"] else ""
    page.lines += words.wrapped(
        f"{found['model']} · {words.state(found)} · run {found['run']} · {words.moment(found['started_at'])}{who}",
        "",
        "  ",
        page.width,
    )
    _standing(page, found)
    decided = found["decision"]
    if decided is None:
        return
    page.say("  decided", conclusion(decided))
    page.say("  because", decided["reason"])
    for blame in found["blame"]:
        if blame["detail"] not in decided["reason"]:
            page.say("  blamed", f"{blame['feature']}: {blame['detail']}")


def _standing(page: _Page, found: Json) -> None:
    """Say where the run stands, where that is more than its decision."""
    if found["decision"] is None and not found["reason"]:
        page.say("  now", "no decision yet: the check is still running, or its process died")
    elif found["reason"] and (found["decision"] is None or found["reason"] != found["decision"]["reason"]):
        first, _, output = found["reason"].partition("\n")
        page.say("  ended" if found["outcome"] else "  now", first)
        page.quote(output)


def _seen(page: _Page, found: Json) -> None:
    evidence = found["evidence"]
    if evidence is None:
        if found["decision"]:
            page.gap()
            page.say("seen", "nothing was measured: a person asked")
        return
    page.gap()
    usual = f" where {evidence['expected_rows']:,.0f} are usual" if evidence["expected_rows"] else ""
    page.say_all(
        "seen",
        [
            f"{words.count(evidence['rows'], 'row')}{usual}, {words.span(evidence['start'], evidence['end'])},"
            f" {_served(evidence)}; as of {words.moment(evidence['as_of'])}",
            *_amiss(evidence),
            *_drift(evidence),
            *[f"note: {note}" for note in evidence["notes"][:_MOST_NOTES]],
        ],
    )


def _served(evidence: Json) -> str:
    return f"served by champion {evidence['champion']}" if evidence["champion"] else "without a champion"


def _amiss(evidence: Json) -> Iterator[str]:
    """Yield counts of faulty rows, where there are any."""
    kinds = {
        "bad_scores": "unusable scores",
        "duplicate_ids": "repeated ids",
        "future_rows": "rows from the future",
        "orphan_labels": "labels without a prediction",
        "bad_labels": "labels that are neither 0 nor 1",
    }
    said = [f"{evidence[kind]:,} {noun}" for kind, noun in kinds.items() if evidence[kind]]
    if said:
        yield ", ".join(said)


def _drift(evidence: Json) -> Iterator[str]:
    known = [feature for feature in evidence["features"] if feature["psi"] is not None]
    if not known:
        return
    top = sorted(known, key=lambda each: (-each["psi"], each["name"]))[:_MOST_DRIFTED]
    moved = sum(each["psi"] > (each["psi_noise"] or 0.0) for each in known)
    shown = ", ".join(f"{each['name']} {words.number(round(each['psi'], 4))}{_noise(each)}" for each in top)
    yield f"PSI (noise): {shown}; {moved} of {len(known)} beyond noise"


def _noise(feature: Json) -> str:
    return "" if feature["psi_noise"] is None else f" ({words.number(round(feature['psi_noise'], 4))})"


def _labels(page: _Page, found: Json) -> None:
    evidence = found["evidence"]
    if evidence is None:
        return
    labels = evidence["labels"]
    page.say_all("labels", _labelled(labels, found["rules"]) if labels else ["none to judge by"])


def _labelled(labels: Json, rules: list[Json]) -> Iterator[str]:
    came = f"{labels['labelled']:,} of {words.count(labels['predictions'], 'row')} have one"
    due = ""
    if labels["expected_positives"]:
        spread = f" ± {labels['expected_positives_sd']:.0f}" if labels["expected_positives_sd"] else ""
        due = f" where the scores foresee {labels['expected_positives']:,.0f}{spread}"
    yield f"{came}, {words.span(labels['start'], labels['end'])}; {labels['positives']:,} positive{due}"
    if labels["realised"]:
        yield (
            f"{labels['metric']} {words.interval(labels['realised'])}; the scores foresee"
            f" {words.number(labels['foreseen'])}, the reference had {words.number(labels['reference_value'])}"
        )
    told = any(rule["rule"] == "unexplained_loss" and rule["detail"] for rule in rules)
    if labels["brier_excess"] and not told:
        yield f"loss per row that the mix of rows does not explain: {words.interval(labels['brier_excess'])}"
    low, high = labels["positive_lift_low"], labels["positive_lift_high"]
    if low is not None and high is not None:
        yield (
            f"positives per foreseen one: {words.number(low)} among the third of rows with the lowest scores,"
            f" {words.number(high)} with the highest"
        )


def _rules(page: _Page, found: Json) -> None:
    """Show what decided and what has something to say; the rest in one paragraph, what was not reached by name."""
    if not found["rules"]:
        return
    by_outcome: dict[str, list[Json]] = {"passed": [], "blocked": [], "not_reached": []}
    for rule in found["rules"]:
        by_outcome[rule["outcome"]].append(rule)
    page.gap()
    counts = [f"{len(rules)} {words.spoken(outcome)}" for outcome, rules in by_outcome.items() if rules]
    page.say("rules", f"{', '.join(counts)}; value (limit)")
    for rule in by_outcome["blocked"]:
        # What decided is told in full at the top.
        why = "as said above" if rule["detail"] in found["decision"]["reason"] else rule["detail"]
        page.point(words.MARK["blocked"], f"{_measured('rule', rule)}: {why}")
    telling = [rule for rule in by_outcome["passed"] if _tells(rule)]
    for rule in telling:
        page.point(words.MARK["passed"], f"{_measured('rule', rule)}: {rule['detail']}")
    page.points(words.MARK["passed"], [_measured("rule", rule) for rule in by_outcome["passed"] if not _tells(rule)])
    page.points(words.MARK["not_reached"], _not_reached(by_outcome["not_reached"]))


def _tells(rule: Json) -> bool:
    """Tell whether a passed rule says more than where its largest value is."""
    return bool(rule["detail"]) and not rule["detail"].startswith("largest in ")


def _measured(name: str, judged: Json) -> str:
    value = "" if judged["value"] is None else f" {words.number(judged['value'])}"
    limit = "" if judged["limit"] is None else f" ({words.number(judged['limit'])})"
    return f"{judged[name]}{value}{limit if value else ''}"


def _not_reached(rules: list[Json]) -> list[str]:
    return [f"not reached: {', '.join(rule['rule'] for rule in rules)}"] if rules else []


def _advice(page: _Page, found: Json) -> None:
    if found["advice"]:
        page.gap()
        page.say_all("advice", advice_lines(found["advice"], found["model"]))


def _story(page: _Page, found: Json) -> None:
    """Tell what was done about it, if anything was."""
    page.gap()
    before = len(page.lines)
    for part in (_trained, _judged, _asked, _moved):
        part(page, found)
    if len(page.lines) == before:
        page.lines.pop()


def _trained(page: _Page, found: Json) -> None:
    job, decided = found["job"], found["decision"]
    if job is None:
        if decided and decided["reuse"]:
            page.say("trained", f"nothing: candidate {decided['reuse']['version']} is judged again")
        return
    on = f" on rows of {words.span(decided['train_from'], decided['train_until'])}" if decided else ""
    first, _, output = (found["job_detail"] or "").partition("\n")
    told = found["reason"] and first and first in found["reason"]
    why = f": {first}" if first and not told and job["state"] != "succeeded" else ""
    page.say("trained", f"{job['pipeline']} job {job['state']}{on}{why}")
    if why:
        page.quote(output)
    if found["job_log"] and found["job_log"] not in (found["job_detail"] or ""):
        page.say("", f"its output: {found['job_log']}")


def _judged(page: _Page, found: Json) -> None:
    validation = found["validation"]
    if validation is None:
        return
    page.say("judged", f"{words.spoken(validation['outcome'])}: {compared(found)}")
    by_passed: dict[bool, list[Json]] = {True: [], False: []}
    for check in validation["checks"]:
        by_passed[check["outcome"] == "passed"].append(check)
    for check in by_passed[False]:
        if not is_slice(check):
            page.point(words.MARK[check["outcome"]], f"{check['name']}: {check['detail'] or check['outcome']}")
    page.points(words.MARK["failed"], list(lost_slices(found)))
    told = [check for check in by_passed[True] if check["name"] in ("superiority", "non_inferiority")]
    for check in told:
        page.point(words.MARK["passed"], f"{check['name']}: {check['detail']}")
    slices = sum(is_slice(check) for check in by_passed[True])
    rest = [_measured("name", check) for check in by_passed[True] if check not in told and not is_slice(check)]
    rest += [f"no loss shown in {words.count(slices, 'slice')}"] if slices else []
    page.points(words.MARK["passed"], rest)


def _asked(page: _Page, found: Json) -> None:
    approval = found["approval"]
    if approval is None:
        return
    waits = f", until {words.moment(approval['expires_at'])}" if approval["state"] == "pending" else ""
    page.say("asked", f"{approval['state']}{waits}; fingerprint {approval['fingerprint'][:16]}")
    page.say_all("", [answer_text(answer) for answer in approval["answers"]])
    if approval["reason"]:
        page.say("", approval["reason"])


def answer_text(answer: Json) -> str:
    """Return one person's answer in a line. The OS user stands beside a name that was only asserted."""
    beside = f", as {answer['os_user']}" if answer["os_user"] else ""
    comment = f' "{answer["comment"]}"' if answer["comment"] else ""
    done = "approved" if answer["decision"] == "approve" else "denied"
    return f"{answer['person']} {done} ({answer['channel']}{beside}) {words.moment(answer['at'])}{comment}"


def _moved(page: _Page, found: Json) -> None:
    moved = found["promotion"]
    if moved:
        page.say(
            "promoted",
            f"champion {moved['from_version'] or 'none'} → {moved['to_version']},"
            f" {words.moment(moved['at'])}, sha256 {moved['digest'][:16]}",
        )
    for line in found["audit"]:
        if line["act"] not in ("approve", "deny"):
            page.say("by hand", f"{line['actor']}: {line['act']}, {words.moment(line['at'])}")


def _errors(page: _Page, found: Json) -> None:
    if found["void_reason"] and found["outcome"] is None:
        page.gap()
        page.say("void", f"{found['void_reason']}; the run ends when it is carried on")
    error = found["error"]
    if error:
        page.gap()
        first, _, output = error["message"].partition("\n")
        page.say("stopped", first)
        page.quote(output)
        if error["hint"]:
            page.say("", f"→ {error['hint']}")


def _next(page: _Page, found: Json) -> None:
    page.gap()
    coming = found["next"] or _AFTERWARDS.get(found["outcome"], "").format(model=found["model"])
    # One command a line: a command that is broken over two cannot be copied.
    page.say_all("next", coming.split(", or: "))
