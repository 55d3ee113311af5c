"""A replay as one self-contained page: the policies side by side, their decisions over time, what differs."""

from importlib import resources
from string import Template

from autopilot import words
from autopilot.report import replay_timeline as timeline
from autopilot.report.markup import Markup, items, joined, table, tag
from autopilot.report.replay_rows import counts, done, first_rules, labels
from graph.model import Json

_MOST_DIFFERENT = 200


def replay_html(found: Json) -> str:
    """Return the page of a backtest's document. It loads nothing and runs nothing; text from outside is escaped."""
    parts = [_title(found), _headline(found), timeline.drawn(found), _table(found), _differing(found)]
    parts += [_first(found), _changed(found), _notes(found), _footer(found)]
    return _text("page.html").substitute(
        title=joined([f"{found['model']} · backtest"]),
        style=_text("page.css").template + _text("replay.css").template,
        body=joined(parts, "\n"),
    )


def _text(name: str) -> Template:
    return Template((resources.files("autopilot.report") / name).read_text("utf-8"))


def _title(found: Json) -> Markup:
    about = (
        f"{words.count(found['checks'], 'check')} of {words.moment(found['from'])} to {words.moment(found['to'])}, "
        "judged again on the evidence that was stored"
    )
    return joined([tag("h1", f"{found['model']} · backtest"), tag("p", about, class_="sub")])


def _headline(found: Json) -> Markup:
    one, other = labels(found)[-2:]
    differing = sum(each["differs"] for each in found["decisions"])
    word = f"Otherwise at {differing} of {words.count(found['checks'], 'check')}" if differing else "Alike"
    said = f"{one} beside {other}" if differing else f"{one} and {other} decide the same at every check"
    again = f"{found['reproduced']:,} of {words.count(found['checks'], 'stored decision')} reproduced exactly"
    return tag(
        "section",
        tag("strong", word),
        tag("p", words.sentence(said)),
        tag("p", words.sentence(again), class_="note"),
        class_=f"verdict {'open' if differing else 'good'}",
    )


def _table(found: Json) -> Markup:
    sources = [f"{each['label']}: {each['source']}" for each in found["policies"] if each["source"]]
    return joined(
        [
            tag("h2", "Side by side"),
            table(["policy", *labels(found)], counts(found)),
            tag("p", "; ".join(sources), class_="note"),
        ]
    )


def _differing(found: Json) -> Markup:
    differing = [each for each in found["decisions"] if each["differs"]]
    if not differing:
        return Markup("")
    rows = [
        [tag("code", each["run"][:8]), words.moment(each["at"]), each["champion"] or "none"]
        + [done(decided) for decided in each["policies"].values()]
        for each in differing[:_MOST_DIFFERENT]
    ]
    left = len(differing) - len(rows)
    more = tag("p", f"And {left} more: autopilot backtest --json has them all.", class_="note") if left else ""
    head = ["run", "checked", "champion", *labels(found)]
    return joined([tag("h2", "Decisions that differ"), table(head, rows), more])


def _first(found: Json) -> Markup:
    first = found["first_difference"]
    if first is None:
        return Markup("")
    names = labels(found)[-2:]
    said = [_decided(name, each) for name, each in zip(names, first["policies"].values(), strict=True)]
    about = f"run {first['run']}, {words.moment(first['at'])}"
    rules = table(["rule", *names], first_rules(first))
    return joined([tag("h2", "The first of them"), tag("p", about, class_="sub"), items(said), rules])


def _decided(name: str, decision: Json) -> Markup:
    concluded = words.spoken(f"{decision['verdict']}, {decision['cause']} → {decision['action']}")
    return joined([tag("b", f"{name}: {concluded}"), f" {decision['reason']}"])


def _changed(found: Json) -> Markup:
    if not found["changed"]:
        return Markup("")
    rows = [
        [
            tag("code", each["run"][:8]),
            words.moment(each["at"]),
            done(each["stored"]),
            done(each["now"]),
            ", ".join(each["differs_in"]),
        ]
        for each in found["changed"][:_MOST_DIFFERENT]
    ]
    about = tag("p", "What the policy of its time decides today on the same evidence: the rules changed since.")
    head = ["run", "checked", "stored", "today", "differs in"]
    return joined([tag("h2", "Changed"), about, table(head, rows)])


def _notes(found: Json) -> Markup:
    if not found["notes"]:
        return Markup("")
    return tag("section", tag("h2", "What the numbers do not say"), items(found["notes"]), class_="doubts")


def _footer(found: Json) -> Markup:
    command = tag("code", f"autopilot backtest {found['model']} --json")
    return tag("footer", "Made from the ledger alone; nothing was written to it. Everything behind it: ", command)
