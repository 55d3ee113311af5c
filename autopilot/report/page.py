"""Champion against challenger as one self-contained page: no script, nothing loaded from elsewhere, prints well."""

from importlib import resources
from string import Template

from autopilot import accounts, words
from autopilot.report.brief import Fact, facts, numbers, waits
from autopilot.report.comparison import calibration, checks, differences, metrics
from autopilot.report.doubting import doubts, doubts_title
from autopilot.report.events import course, durations
from autopilot.report.happened import happened, measured, reference, rules
from autopilot.report.markup import Markup, items, joined, tag
from autopilot.report.questions import QUESTIONS
from autopilot.report.reading import Figure, compared, figures, headline
from autopilot.report.summary import ALONE
from autopilot.report.windows import windows
from graph.model import Json

STYLE = (resources.files("autopilot.report") / "page.css").read_text("utf-8")
"""The style that `report_body` needs. No element has one of its own, and none loads anything."""
_TONES = {"no": "good", "yes": "bad", "open": "open", "not_asked": "soft"}
_UNPRICED = "No price is set for this pipeline: its cost is not known here."


def report_html(found: Json, past: Json = ALONE) -> str:
    """Return the page. Every word that came from outside is escaped: names and comments are not markup.

    `past`: what earlier checks measured, which rows are set aside and how features lie, for the drawings.
    """
    page = Template((resources.files("autopilot.report") / "page.html").read_text("utf-8"))
    title = joined([f"{found['model']} · {words.spoken(words.state(found))}"])
    return page.substitute(title=title, style=STYLE, body=report_body(found, past))


def report_body(found: Json, past: Json = ALONE) -> Markup:
    """Return what stands inside the page's `main`, from its h1 on, for another page's frame; STYLE goes with it."""
    judged = found["validation"] is not None
    first = [
        _title(found),
        _verdict(found),
        _figures(numbers(found)),
        _doubts(found) if judged else "",
        _facts(found, past),
        _key(found),
    ]
    parts = [happened(found, past), windows(found, past), _comparison(found) if judged else "", _questions(found)]
    parts += [measured(found), rules(found), _spent(found), _answer(found), _course(found), _footer(found)]
    return joined([tag("div", *first, class_="first"), *parts], "\n")


def _title(found: Json) -> Markup:
    asked = f" · asked for by {found['requested_by']}" if found["requested_by"] else ""
    about = f"run {found['run']} · {words.moment(found['started_at'])} · {words.spoken(words.state(found))}{asked}"
    return joined([tag("h1", found["model"]), tag("p", about, class_="sub")])


def _verdict(found: Json) -> Markup:
    said, until = headline(found), ""
    if waits(found):
        until = f"Waits for a person until {words.moment(found['approval']['expires_at'])}; silence is a no."
    return tag(
        "section",
        tag("strong", said.word),
        tag("p", words.sentence(said.text)),
        tag("p", until, class_="note") if until else "",
        class_=f"verdict {said.tone}",
    )


def _figures(found: list[Figure]) -> Markup:
    return items(map(_tile, found), class_="figures")


def _tile(each: Figure) -> Markup:
    value = tag("b", each.value, class_=each.tone if each.tone != "open" else None)
    between = tag("small", f" {each.interval} 95 %") if each.interval else ""
    return joined([tag("span", each.label), tag("p", value, between), tag("span", each.note)])


def _facts(found: Json, past: Json) -> Markup:
    said = facts(found, past)
    return tag("dl", *map(_fact, said), class_="facts") if said else Markup("")


def _fact(each: Fact) -> Markup:
    command = tag("code", each.command) if each.command else ""
    text = words.sentence(each.text) if each.detail else each.text
    detail = tag("span", each.detail, class_="detail") if each.detail else ""
    parts = tag("dd", text, detail, " " if command else "", command)
    return joined([tag("dt", words.sentence(each.term).removesuffix(".")), parts])


def _key(found: Json) -> Markup:
    """Return in a line what the words of this page mean."""
    evidence = found["evidence"]
    if evidence is None:
        return Markup("")
    said = (
        f"Words: PSI is how far a feature's rows lie from {reference(evidence)}; its noise is what chance alone gives. "
        "A window is a stretch of time that is counted by itself; the window that triggered is the one this check "
        "judged. Foreseen is what the champion's own calibrated scores promise. Brackets hold 95 % intervals."
    )
    return tag("p", said, class_="note")


def _doubts(found: Json) -> Markup:
    known = doubts(found)
    said = items(known) or tag("p", "None: no check, slice or metric speaks against it.")
    title = words.sentence(doubts_title(found)).removesuffix(".")
    return tag("section", tag("h2", f"{title}: {len(known)}" if known else title), said, class_="doubts")


def _comparison(found: Json) -> Markup:
    comparison = found["validation"]["comparison"]
    parts = [tag("h2", "Champion against challenger"), tag("p", words.sentence(compared(found)))]
    parts.append(_figures(figures(found)))
    if comparison and comparison["metrics"]:
        parts += [differences(comparison), metrics(found), calibration(comparison)]
    return joined([*parts, checks(found)])


def _questions(found: Json) -> Markup:
    """Return the four questions with their answers."""
    if found["decision"] is None:
        return Markup("")
    asked = [
        tag(
            "li",
            tag("b", each["question"]),
            " ",
            tag(
                "span",
                each.get("said") or words.spoken(each["answer"]),
                class_=f"answer {_tone(place, each['answer'])}",
            ),
            tag("p", each["detail"], class_="note"),
        )
        for place, each in enumerate(found["questions"], 1)
    ]
    return joined([tag("h2", "Four questions, asked in this order"), tag("ol", *asked, class_="asked")])


def _said(place: int, each: Json) -> Markup:
    said, tone = each.get("said"), _tone(place, each["answer"])
    return tag("span", said or words.spoken(each["answer"]), class_=f"answer {'open' if said else tone}")


def _tone(place: int, answer: str) -> str:
    """Return whether an answer is good news: that a challenger pays is, that something is broken is not."""
    if place == len(QUESTIONS) and answer in ("yes", "no"):
        return "good" if answer == "yes" else "bad"
    return _TONES[answer]


def _spent(found: Json) -> Markup:
    """Return what the run cost, and how long each part of it took."""
    said = {**durations(found), "cost": accounts.cost_text(found["cost"]) if found["cost"] else ""}
    known = _pairs({name: text for name, text in said.items() if text})
    return joined([tag("h2", "Cost and duration"), known, "" if found["cost"] else tag("p", _UNPRICED, class_="note")])


def _answer(found: Json) -> Markup:
    approval = found["approval"]
    if approval is None:
        return Markup("")
    said = {
        "state": tag("b", words.spoken(approval["state"])),
        "expires": words.moment(approval["expires_at"]),
        "fingerprint": tag("code", approval["fingerprint"]),
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
    return joined([tag("h2", "Course of the run"), items(steps)])


def _footer(found: Json) -> Markup:
    more = tag("code", f"autopilot explain {found['run'][:8]} --json")
    return tag("footer", "Made from the ledger alone. Everything behind it: ", more)
