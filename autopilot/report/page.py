"""Champion against challenger as one self-contained page: no script, nothing loaded from elsewhere, prints well."""

from importlib import resources
from string import Template

from autopilot import words
from autopilot.report.comparison import calibration, checks, differences, metrics
from autopilot.report.events import course
from autopilot.report.happened import happened, rules
from autopilot.report.markup import Markup, items, joined, tag
from autopilot.report.questions import QUESTIONS
from autopilot.report.reading import compared, doubts, figures, headline
from autopilot.report.summary import commands
from autopilot.report.windows import windows
from graph.model import Json

_TONES = {"no": "good", "yes": "bad", "open": "open", "not_asked": "soft"}
_ALONE: Json = {"checks": [], "quarantined": []}


def report_html(found: Json, past: Json = _ALONE) -> str:
    """Return the page. Every word that came from outside is escaped: names and comments are not markup.

    `past`: what earlier checks measured and which rows are set aside, for the drawing over time.
    """
    compared_anything = found["validation"] is not None
    parts = [_title(found), _verdict(found)]
    parts += [_figures(found), _doubts(found), _comparison(found)] if compared_anything else []
    parts += [_questions(found), windows(found, past), happened(found), rules(found)]
    parts += [_answer(found), _course(found), _footer(found)]
    return _template("page.html").substitute(
        title=joined([f"{found['model']} · {words.spoken(words.state(found))}"]),
        style=_template("page.css").template,
        body=joined(parts, "\n"),
    )


def _template(name: str) -> Template:
    return Template((resources.files("autopilot.report") / name).read_text("utf-8"))


def _title(found: Json) -> Markup:
    asked = f" · asked for by {found['requested_by']}" if found["requested_by"] else ""
    about = f"run {found['run']} · {words.moment(found['started_at'])} · {words.spoken(words.state(found))}{asked}"
    return joined([tag("h1", found["model"]), tag("p", about, class_="sub")])


def _verdict(found: Json) -> Markup:
    said = headline(found)
    typed = "\n".join(commands(found))
    waits = found["approval"] and found["approval"]["state"] == "pending" and found["outcome"] is None
    until = (
        f"Waits for a person until {words.moment(found['approval']['expires_at'])}; silence is a no." if waits else ""
    )
    return tag(
        "section",
        tag("strong", said.word),
        tag("p", words.sentence(said.text)),
        tag("p", until, class_="note") if until else "",
        tag("pre", typed) if typed else "",
        class_=f"verdict {said.tone}",
    )


def _figures(found: Json) -> Markup:
    tiles = [
        joined([tag("span", each.label), tag("b", each.value, class_=each.tone if each.tone != "open" else None)])
        + tag("span", each.note)
        for each in figures(found)
    ]
    return items([Markup(tile) for tile in tiles], class_="figures")


def _doubts(found: Json) -> Markup:
    said = items(doubts(found)) or tag("p", "None: no check, slice or metric speaks against it.")
    return tag("section", tag("h2", "Doubts"), said, class_="doubts")


def _comparison(found: Json) -> Markup:
    comparison = found["validation"]["comparison"]
    parts = [tag("h2", "Champion against challenger"), tag("p", words.sentence(compared(found)))]
    if comparison and comparison["metrics"]:
        parts += [differences(comparison), metrics(found), calibration(comparison)]
    return joined([*parts, tag("h3", "Checks"), checks(found)])


def _questions(found: Json) -> Markup:
    """Return the four questions with their answers."""
    if found["decision"] is None:
        return Markup("")
    asked = [
        tag(
            "li",
            tag("b", each["question"]),
            " ",
            tag("span", words.spoken(each["answer"]), class_=f"answer {_tone(place, each['answer'])}"),
            tag("p", each["detail"], class_="note"),
        )
        for place, each in enumerate(found["questions"], 1)
    ]
    return joined([tag("h2", "Four questions, until one answers"), tag("ol", *asked, class_="asked")])


def _tone(place: int, answer: str) -> str:
    """Return whether an answer is good news: that a challenger pays is, that something is broken is not."""
    if place == len(QUESTIONS) and answer in ("yes", "no"):
        return "good" if answer == "yes" else "bad"
    return _TONES[answer]


def _answer(found: Json) -> Markup:
    approval = found["approval"]
    if approval is None:
        return Markup("")
    said = {
        "state": tag("b", words.spoken(approval["state"])),
        "expires": words.moment(approval["expires_at"]),
        "sealed to": tag("code", approval["fingerprint"]),
        **_digests(found),
        "note": approval["reason"],
    }
    return joined([tag("h2", "Approval"), _pairs(said)])


def _digests(found: Json) -> dict[str, str]:
    """Return the bytes that the seal stands for."""
    validation = found["validation"] or {}
    known = {side: (validation.get(side) or {}).get("digest") for side in ("champion", "challenger", "holdout")}
    return {f"{side} sha256": tag("code", digest) for side, digest in known.items() if digest}


def _pairs(said: dict[str, str]) -> Markup:
    return tag("dl", *[joined([tag("dt", name), tag("dd", text)]) for name, text in said.items() if text])


def _course(found: Json) -> Markup:
    steps = [joined([tag("b", words.moment(at)), f" {text}"]) for at, text in course(found)]
    undo = tag("p", "To go back: ", tag("code", f"autopilot rollback {found['model']}")) if found["promotion"] else ""
    return joined([tag("h2", "Course of the run"), items(steps), undo])


def _footer(found: Json) -> Markup:
    more = tag("code", f"autopilot explain {found['run'][:8]} --json")
    return tag("footer", "Made from the ledger alone. Everything behind it: ", more)
