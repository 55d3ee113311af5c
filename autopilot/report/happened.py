"""The page's account of what was seen and concluded: reason, performance, features to blame, every rule."""

from autopilot import words
from autopilot.report import pictures
from autopilot.report.blamed import blamed
from autopilot.report.markup import Markup, items, joined, table, tag
from autopilot.report.plain import broke
from autopilot.report.reading import conclusion, loss_text
from autopilot.report.rule_words import KEY, State, asks, state
from graph.model import Json
from graph.policy.metrics import OF_NUMBERS

_MOST_SOURCES = 6
_STATES: tuple[State, ...] = ("stops", "alarm", "beyond", "fine", "not evaluated")
_MARKS = {"stops": "✗", "alarm": "!", "beyond": "?", "fine": "✓", "not evaluated": "·"}
_TONES = {"stops": "bad", "alarm": "open", "beyond": "open", "fine": "good", "not evaluated": "soft"}


def happened(found: Json, past: Json) -> Markup:
    """Return why the run came to be."""
    decided, evidence = found["decision"], found["evidence"]
    if decided is None:
        return joined([tag("h2", "What happened"), tag("p", "There is no decision yet.")])
    return joined(
        [
            tag("h2", "What happened"),
            tag("p", tag("b", words.sentence(words.spoken(conclusion(decided))))),
            tag("p", decided["reason"]) if decided["reason"] != broke(found)[1] else "",
            items(joined([tag("b", blame["feature"]), f" {blame['detail']}"]) for blame in _undrawn(found, past)),
            _error(found),
            _performance(evidence) if evidence else "",
            blamed(found, past),
        ]
    )


def _undrawn(found: Json, past: Json) -> list[Json]:
    """Return the features to blame of which there is no drawing to say it."""
    drawn = {each["feature"] for each in past["distributions"]}
    return [each for each in found["blame"] if each["feature"] not in drawn]


def _error(found: Json) -> Markup:
    error, detail = found["error"], found["job_detail"]
    failed = found["job"] is not None and found["job"]["state"] not in ("succeeded", "running", "queued")
    return joined(
        [
            tag("pre", f"{error['message']}\n{error['hint']}".strip()) if error else "",
            tag("pre", detail) if failed and detail else "",
        ]
    )


def _performance(evidence: Json) -> Markup:
    return _labels(evidence["labels"]) if evidence["labels"] else tag("p", "No labels to judge by.")


def measured(found: Json) -> Markup:
    """Return all features beside the reference, and what was read."""
    evidence = found["evidence"]
    if evidence is None:
        return Markup("")
    usual = f" where {evidence['expected_rows']:,.0f} are usual" if evidence["expected_rows"] else ""
    rows = f"{words.count(evidence['rows'], 'row')}{usual}, {words.span(evidence['start'], evidence['end'])}"
    served = f"served by champion {evidence['champion']}" if evidence["champion"] else "without a champion"
    return joined(
        [
            _features(evidence["features"], f"{rows}, {served}; {reference(evidence)}."),
            items(evidence["notes"]),
            _sources(evidence),
        ]
    )


def reference(evidence: Json) -> str:
    """Return the rows that features are held against, with their dates where they are known."""
    start, end = evidence.get("reference_start"), evidence.get("reference_end")
    of = f" of {words.span(start, end)}" if start and end else ""
    return f"the reference: {words.count(evidence['reference_rows'], 'row')}{of}"


def _labels(labels: Json) -> Markup:
    positives = f"{labels['positives']:,}"
    if labels["expected_positives"]:
        spread = f" ± {labels['expected_positives_sd']:.0f}" if labels["expected_positives_sd"] else ""
        positives += f" where {labels['expected_positives']:,.0f}{spread} were foreseen"
    excess = labels["brier_excess"] or labels.get("loss_excess")
    came = f"{labels['labelled']:,} of {words.count(labels['predictions'], 'row')}"
    rows = [
        [labels["metric"], words.interval(labels["realised"]), pictures.performance(labels)],
        ["foreseen by the scores", words.number(labels["foreseen"]), ""],
        ["on the reference", words.number(labels["reference_value"]), ""],
        [loss_text(labels), words.interval(excess), ""],
        *([] if labels["metric"] in OF_NUMBERS else [["positives", positives, ""]]),
    ]
    head = [f"labelled rows of {words.span(labels['start'], labels['end'])}", came, "drawn"]
    drawn = "Drawn: the dot is what was measured, the line its 95 % interval; marks are foreseen and reference."
    return joined([table(head, [row for row in rows if row[1] != words.NOTHING]), tag("p", drawn, class_="note")])


def _features(features: list[Json], about: str) -> Markup:
    if not features:
        return tag("p", about, class_="note")
    ordered = sorted(features, key=lambda each: (-(each["psi"] or 0.0), each["name"]))
    furthest = max(max(each["psi"] or 0.0, each["psi_noise"] or 0.0) for each in features)
    rows = [_feature(each, furthest) for each in ordered]
    head = ["feature", "PSI", "its noise", "drawn", "missing", "missing in the reference"]
    return joined([tag("h2", "Features beside the reference"), tag("p", about, class_="note"), table(head, rows)])


def _feature(feature: Json, furthest: float) -> list[str]:
    psi, noise = feature["psi"], feature["psi_noise"]
    return [
        feature["name"],
        words.number(psi),
        words.number(noise),
        pictures.share(psi, noise or 0.0, furthest) if psi is not None else "",
        words.share(feature["nulls"] + feature["nans"], feature["rows"]),
        words.share(feature["reference_null_share"], 1.0),
    ]


def _sources(evidence: Json) -> Markup:
    read = [evidence["source"], *evidence["queries"]][: _MOST_SOURCES + 1]
    left = len(evidence["queries"]) + 1 - len(read)
    more = f" and {left} more" if left else ""
    return tag("p", f"Read as of {words.moment(evidence['as_of'])}: ", ", ".join(read) + more, class_="note")


def rules(found: Json) -> Markup:
    """Return every rule that was reached with value and limit, and the names of the others; stops first."""
    reached = [(state(rule), rule) for rule in found["rules"] if rule["outcome"] != "not_reached"]
    rest = [rule["rule"] for rule in found["rules"] if rule["outcome"] == "not_reached"]
    if not found["rules"]:
        return Markup("")
    ordered = sorted(reached, key=lambda each: _STATES.index(each[0]))
    said = tag("p", f"Not reached, an earlier rule had decided: {', '.join(rest)}.", class_="note") if rest else ""
    return joined(
        [
            tag("h2", "Every rule of the decision"),
            tag("p", f"{_counted([each for each, _ in reached])}. {words.sentence(KEY)}", class_="note"),
            table(
                ["rule", "state", "value", "fine when", "what it asks, and what it saw"], map(_rule, ordered), "loose"
            ),
            said,
        ]
    )


def _counted(states: list[State]) -> str:
    return ", ".join(f"{states.count(each)} {each}" for each in _STATES if each in states)


def _rule(seen: tuple[State, Json]) -> list[str]:
    stands, rule = seen
    side, question = asks(rule["rule"])
    limit = words.number(rule["limit"])
    fine = f"{side} {limit}".strip() if limit != words.NOTHING else ""
    name = tag("b", rule["rule"]) if stands in ("stops", "alarm") else rule["rule"]
    mark = tag("span", f"{_MARKS[stands]} {stands}", class_=_TONES[stands])
    detail = rule["detail"].replace("largest in ", "nearest to its limit is ", 1)
    value = "" if rule["value"] is None else words.number(rule["value"])
    return [name, mark, value, fine, joined([question, f": {detail}" if question and detail else detail])]
