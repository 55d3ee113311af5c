"""Champion against challenger as one self-contained page: no script, nothing loaded from elsewhere, prints well."""

from html import escape
from importlib import resources

from autopilot.report import words
from autopilot.report.summary import advice
from graph.model import Json


def report_html(found: Json) -> str:
    """Return the page. Every word that came from outside is escaped: names and comments are not markup."""
    style = (resources.files("autopilot.report") / "page.css").read_text("utf-8")
    body = "\n".join(
        part for part in (_head(found), _comparison(found), _evidence(found), _rules(found), _seal(found)) if part
    )
    title = escape(words.headline(found))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _head(found: Json) -> str:
    validation = found["validation"]
    said = escape(advice(found)) if validation else "this run compared nothing"
    state = validation["outcome"] if validation else "none"
    lines = [
        f"<h1>{escape(found['model'])}</h1>",
        f"<p class='sub'>run {escape(found['run'])} · {escape(words.moment(found['started_at']))}"
        f" · {escape((found['outcome'] or found['status']).replace('_', ' '))}</p>",
        f"<p class='advice {escape(state)}'>{said}</p>",
        f"<p>{escape(validation['reason'] if validation else found['reason'])}</p>",
    ]
    return "\n".join(lines)


def _comparison(found: Json) -> str:
    validation = found["validation"]
    if not validation:
        return ""
    holdout, comparison = validation["holdout"], validation["comparison"]
    about = ""
    if holdout:
        about = (
            f"<p>{holdout['rows']} labelled rows, {holdout['positives']} positive, of {escape(words.moment(holdout['start']))}"
            f" to {escape(words.moment(holdout['end']))}; neither model was trained on them.</p>"
        )
    parts = ["<h2>Champion against challenger</h2>", about]
    if comparison:
        parts += [_differences(comparison["differences"]), _metrics(comparison["metrics"])]
    parts += ["<h2>Checks</h2>", _checks(validation["checks"])]
    return "\n".join(parts)


def _differences(parts: list[Json]) -> str:
    bars = [part for part in parts if part["difference"]]
    reach = (
        max(
            (abs(edge) for part in bars for edge in (part["difference"]["low"], part["difference"]["high"])),
            default=1.0,
        )
        or 1.0
    )
    rows = []
    for part in parts:
        cells = [part["name"], part["metric"], words.number(part["champion"]), words.number(part["challenger"])]
        shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        better = escape(words.interval(part["difference"], signed=True))
        rows.append(
            f"<tr>{shown}<td>{better}</td><td>{_bar(part['difference'], reach)}</td><td>{part['rows']}</td></tr>"
        )
    head = "".join(
        f"<th scope='col'>{name}</th>"
        for name in ("rows of", "metric", "champion", "challenger", "better by [95 %]", "", "rows")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _bar(difference: Json | None, reach: float) -> str:
    """Draw an interval around zero: right of the line is better."""
    if difference is None:
        return ""
    low, mid, high = (90 + 80 * difference[key] / reach for key in ("low", "value", "high"))
    sure = "sure" if difference["low"] > 0 else "worse" if difference["high"] < 0 else "open"
    return (
        f"<svg viewBox='0 0 180 16' width='180' height='16' role='img' aria-label='{escape(words.interval(difference, True))}'>"
        "<line x1='90' x2='90' y1='0' y2='16' class='zero'/>"
        f"<line x1='{low:.1f}' x2='{high:.1f}' y1='8' y2='8' class='{sure}'/><circle cx='{mid:.1f}' cy='8' r='4' class='{sure}'/></svg>"
    )


def _metrics(metrics: Json) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{words.number(both.get('champion'))}</td><td>{words.number(both.get('challenger'))}</td></tr>"
        for name, both in metrics.items()
    )
    return f"<table><thead><tr><th>metric</th><th>champion</th><th>challenger</th></tr></thead><tbody>{rows}</tbody></table>"


def _checks(checks: list[Json]) -> str:
    return "<ul class='checks'>" + "".join(_check(check) for check in checks) + "</ul>"


def _check(check: Json) -> str:
    text = escape(check["detail"] or check["outcome"])
    return f"<li class='{escape(check['outcome'])}'><b>{escape(check['name'])}</b> {escape(check['outcome'])} — {text}</li>"


def _evidence(found: Json) -> str:
    evidence, decision = found["evidence"], found["decision"]
    if not evidence or not decision:
        return ""
    blame = "".join(f"<li><b>{escape(part['feature'])}</b> {escape(part['detail'])}</li>" for part in decision["blame"])
    labels = evidence["labels"]
    performance = ""
    if labels and labels["realised"]:
        performance = (
            f"<p>{escape(labels['metric'])} on the newest labelled rows {escape(words.interval(labels['realised']))};"
            f" the champion's scores foresee {words.number(labels['foreseen'])},"
            f" the reference had {words.number(labels['reference_value'])}.</p>"
        )
    return f"<h2>What happened</h2><p>{escape(decision['reason'])}</p>{performance}<ul>{blame}</ul>"


def _rules(found: Json) -> str:
    rows = "".join(
        f"<tr class='{escape(rule['outcome'])}'><td>{escape(rule['rule'])}</td><td>{escape(words.outcome(rule))}</td>"
        f"<td>{escape(words.number(rule['value']))}</td><td>{escape(words.number(rule['limit']))}</td><td>{escape(rule['detail'])}</td></tr>"
        for rule in found["rules"]
    )
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("rule", "outcome", "value", "limit", "detail"))
    return f"<h2>Every rule of the decision</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _seal(found: Json) -> str:
    approval = found["approval"]
    said = ""
    if approval:
        answers = "".join(
            f"<li>{escape(a['person'])}: {escape(a['decision'])} by {escape(a['channel'])} at {escape(words.moment(a['at']))}"
            f" {escape(a['comment'])}</li>"
            for a in approval["answers"]
        )
        said = f"<p>{escape(approval['state'])}; sealed to <code>{escape(approval['fingerprint'])}</code></p><ul>{answers}</ul>"
    undo = f"<p>To go back: <code>autopilot rollback {escape(found['model'])}</code></p>"
    return f"<h2>Approval</h2>{said}{undo}"
