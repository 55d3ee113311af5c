"""runs, explain, report, graph: commands that only read. None but `graph` loads LangGraph."""

from argparse import Namespace
from pathlib import Path

from autopilot import output, view
from autopilot import settings as configured
from autopilot.bootstrap import ledger
from autopilot.cli.text import page, runs_text
from autopilot.fleet import roster
from autopilot.fleet.pausing import said
from checkpoints.ledger.book import PostgresLedger
from graph.errors import Misconfigured


def runs(arguments: Namespace) -> int:
    """List runs, newest first."""
    with ledger(_settings(arguments)) as book:
        found = view.runs(book, book.runs.recent(arguments.model, arguments.limit))
    return _out(arguments, {"runs": found}, runs_text(found))


def explain(arguments: Namespace) -> int:
    """Show why a run, or a model's newest one, did or did not act."""
    from autopilot.report.explain import explain_text

    settings = _settings(arguments)
    with ledger(settings) as book:
        found = view.explanation(book, view.find_any(book, arguments.target))
        found["paused"] = said(book, found["model"], roster.tags(settings.config, settings.home, found["model"]))
    return _out(arguments, found, explain_text(found, page()))


def report(arguments: Namespace) -> int:
    """Show champion against challenger."""
    from autopilot.report.document import report_document
    from autopilot.report.page import report_html
    from autopilot.report.summary import report_text

    with ledger(_settings(arguments)) as book:
        row = _judged(book, arguments.target)
        found, past = view.explanation(book, row), view.course(book, row)
    if arguments.html:
        _write(Path(arguments.html), report_html(found, past))
        output.say(f"wrote {arguments.html}", as_json=arguments.json)
    if arguments.json or not arguments.html:
        return _out(arguments, report_document(found, past), report_text(found, page(), past))
    return 0


def graph(arguments: Namespace) -> int:
    """Print the graph as Mermaid."""
    from graph.build import build_graph

    def none(name: str) -> object:
        raise Misconfigured(f"the drawing has no parts for {name}")

    drawing = build_graph(none).compile().get_graph().draw_mermaid()  # type: ignore[arg-type]
    return _out(arguments, {"mermaid": drawing}, drawing)


def _judged(book: PostgresLedger, target: str) -> view.Row:
    """Return the run that `target` names; of a model, the newest one that compared anything."""
    recent = book.runs.recent(target, 200)
    if not recent:
        return view.find(book, target)
    for row in recent:
        if book.validation(str(row["run"])):
            return row
    raise Misconfigured(
        f"no run of {target} compared a challenger with the champion yet", f"autopilot explain {target}"
    )


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written: {error.strerror}") from None


def _settings(arguments: Namespace) -> configured.Settings:
    return configured.load(config=arguments.config, now=arguments.now)


def _out(arguments: Namespace, found: object, text: str) -> int:
    if arguments.json:
        output.document(found)
    else:
        output.say(text)
    return 0
