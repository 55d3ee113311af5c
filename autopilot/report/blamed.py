"""The page's part about the features to blame: the reference against now, drawn over the bins that were judged."""

from autopilot import words
from autopilot.report import pictures
from autopilot.report.markup import Markup, joined, table, tag
from graph.model import Json


def blamed(found: Json, past: Json) -> Markup:
    """Return a drawing per telling feature with its numbers beside it; words where there is none."""
    if found["evidence"] is None or not found["evidence"]["features"]:
        return Markup("")
    drawn = past["distributions"]
    furthest = max((max(part["reference"], part["now"]) for each in drawn for part in each["parts"]), default=1.0)
    said = _legend() if drawn else tag("p", _none(found), class_="note")
    return joined(
        [tag("h3", "Features now, beside the reference"), said, *[_feature(found, each, furthest) for each in drawn]]
    )


def _none(found: Json) -> str:
    if found["blame"] or any(
        each["psi"] and each["psi"] > (each["psi_noise"] or 0) for each in found["evidence"]["features"]
    ):
        return "Not drawn: the ledger no longer holds the counts that this check saw. The distances are below."
    return "Nothing to draw: no feature lies further from the reference than chance explains."


def _feature(found: Json, drawn: Json, furthest: float) -> Markup:
    rows = [_part(part, furthest) for part in drawn["parts"]]
    about = next((each["detail"] for each in found["blame"] if each["feature"] == drawn["feature"]), "")
    head = [drawn["feature"], "drawn", "reference", "now"]
    return joined(
        [
            tag("p", tag("b", drawn["feature"]), f" {about}" if about else " not blamed, but further than chance"),
            tag("p", f"{moved(drawn)}. {_size(drawn)}", class_="note"),
            table(head, rows, class_="shares"),
        ]
    )


def moved(drawn: Json) -> str:
    """Return in a sentence where the rows of a feature went, or came from."""
    most = max(drawn["parts"], key=lambda part: abs(part["now"] - part["reference"]))
    return f"{most['now']:.1%} of rows now, {most['reference']:.1%} in the reference: {most['label']}"


def _size(drawn: Json) -> str:
    when = words.span(drawn["start"], drawn["end"])
    return (
        f"Now: {words.count(drawn['rows'], 'row')}, {when}. Reference: {words.count(drawn['reference_rows'], 'row')}."
    )


def _part(part: Json, furthest: float) -> list[str]:
    then, now = part["reference"], part["now"]
    return [part["label"], pictures.pair(then, now, furthest), f"{then:.1%}", f"{now:.1%}"]


def _legend() -> Markup:
    """Return what the two bars mean."""
    signs = [("bar then", "reference"), ("bar now", "now")]
    return tag(
        "p", *[tag("span", tag("i", class_=f"sign {name}"), text, class_="key") for name, text in signs], class_="note"
    )
