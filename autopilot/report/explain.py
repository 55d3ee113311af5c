"""Why a run did, or did not, act: on one screen, from its explanation alone."""

from collections.abc import Callable
from datetime import timedelta

from autopilot import accounts, words
from autopilot.report.advice import advice_lines
from autopilot.report.afterwards import AFTERWARDS
from autopilot.report.asking import questions_asked
from autopilot.report.reading import conclusion
from autopilot.report.screen import Screen
from autopilot.shadowing import shadow_text
from graph.model import Json
from graph.policy.words import span

MOST_LINES = 42
"""What is taken for one screen."""
_BRIEFEST = 3
FOLDED = "verdict, rules and values; what was measured is not kept since {since}, so this no longer replays"
"""Of a decision whose windows have folded."""


def explain_text(found: Json, width: int = words.WIDTH) -> str:
    """Return the explanation of one run: conclusion, four questions, what was done, what comes next.

    What does not fit one screen is shortened where nothing was found: what decided is always told in full.
    """
    for brevity in range(_BRIEFEST + 1):
        page = Screen(width, brevity)
        for part in (_top, questions_asked, _advice, _story, _errors, _paused, _next):
            part(page, found)
        if len(page.lines) <= MOST_LINES:
            break
    return words.printable("\n".join(page.lines))


Part = Callable[[Screen, Json], None]


def _top(page: Screen, found: Json) -> None:
    who = f" · asked for by {words.one_line(found['requested_by'])}" if found["requested_by"] else ""
    page.title(
        f"{found['model']} · {words.state(found)} · run {found['run']} · {words.moment(found['started_at'])}{who}"
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
    if found["shadow"]:
        page.say_all("  shadow", shadow_text(found["shadow"], found["model"]))
    if found.get("folded_at"):
        page.say("  kept", FOLDED.format(since=words.day(found["folded_at"])))


def _standing(page: Screen, found: Json) -> None:
    """Say where the run stands, where that is more than its decision."""
    if found["decision"] is None and not found["reason"]:
        page.say("  now", "no decision yet: the check is still running, or its process died")
    elif found["reason"] and (found["decision"] is None or found["reason"] != found["decision"]["reason"]):
        first, _, output = found["reason"].partition("\n")
        page.say("  ended" if found["outcome"] else "  now", first)
        page.quote(output)


def _advice(page: Screen, found: Json) -> None:
    if found["advice"]:
        page.gap()
        page.say_all("advice", advice_lines(found["advice"], found["model"]))


def _story(page: Screen, found: Json) -> None:
    """Tell what was done about it, if anything was."""
    page.gap()
    before = len(page.lines)
    for part in (_trained, _cost, _asked, _moved):
        part(page, found)
    if len(page.lines) == before:
        page.lines.pop()


def _trained(page: Screen, found: Json) -> None:
    job, decided = found["job"], found["decision"]
    if job is None:
        if decided and decided["reuse"]:
            page.say("trained", f"nothing: candidate {decided['reuse']['version']} is judged again")
        return
    on = f" on rows of {words.span(decided['train_from'], decided['train_until'])}" if decided else ""
    first, _, output = (found["job_detail"] or "").partition("\n")
    told = found["reason"] and first and first in found["reason"]
    why = f": {first}" if first and not told and job["state"] != "succeeded" else ""
    ran = f" after {span(timedelta(seconds=found['job_ran_s']))}" if found["job_ran_s"] else ""
    page.say("trained", f"{job['pipeline']} job {job['state']}{ran}{on}{why}")
    if why:
        page.quote(output)
    if job["state"] != "succeeded" and found["job_log"] and found["job_log"] not in (found["job_detail"] or ""):
        page.say("", f"its output: {found['job_log']}")


def _cost(page: Screen, found: Json) -> None:
    if found["cost"]:
        page.say("cost", accounts.cost_text(found["cost"]))


def _asked(page: Screen, found: Json) -> None:
    approval = found["approval"]
    if approval is None:
        return
    stands = [approval["state"]]
    if approval["state"] == "pending":
        until, seal = words.moment(approval["expires_at"]), approval["fingerprint"][:16]
        stands = [f"pending, until {until}", f"fingerprint {seal}"]
    page.flow("asked", [*stands, *[answer_text(answer) for answer in approval["answers"]]])
    if approval["reason"]:
        page.say("", approval["reason"])


def answer_text(answer: Json) -> str:
    """Return one person's answer in a line. The OS user stands beside a name that was only asserted."""
    beside = f", as {answer['os_user']}" if answer["os_user"] else ""
    comment = f' "{answer["comment"]}"' if answer["comment"] else ""
    done = "approved" if answer["decision"] == "approve" else "denied"
    return f"{answer['person']} {done} ({answer['channel']}{beside}) {words.moment(answer['at'])}{comment}"


def _moved(page: Screen, found: Json) -> None:
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


def _errors(page: Screen, found: Json) -> None:
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


def _paused(page: Screen, found: Json) -> None:
    """Say who holds the model now, whatever run is looked at: it is why nothing new is seen of it."""
    held = found.get("paused")
    if held:
        page.gap()
        page.say("paused", held["text"].removeprefix("paused "))
        page.say("", f"→ {held['next']}")


def _next(page: Screen, found: Json) -> None:
    page.gap()
    coming = found["next"] or AFTERWARDS.get(found["outcome"], "").format(model=found["model"])
    # One command a line: a command that is broken over two cannot be copied.
    page.say_all("next", coming.split(", or: "))
