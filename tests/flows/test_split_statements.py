"""Each statement of the ledger and its queue, tried under each role: who may run it stands here, nobody else may."""

import re
from importlib import resources
from pathlib import Path

import psycopg
import pytest

from checkpoints.queries import named
from tests.roles import split

# What any role may run is not named: it reads. A new statement that writes needs a word here and a right in roles.sql.
MAY = {
    "observe": """
        alerts.answered alerts.taken approvals.open_approval budgets.reserve budgets.settle
        decisions.save_decision decisions.save_evidence decisions.save_validation
        incidents.join incidents.open line.claim line.grant line.keep line.leave questions.ask runs.void
        watches.done watches.failed windows.quarantine windows.save_profile windows.save_window
    """,
    "train": "costs.release costs.reserve runs.note_job",
    "promote": "approvals.save_promotion",
    "doors": """
        alerts.receive approvals.save_answer incidents.told
        requests.begin requests.drop requests.end requests.forget requests.take_over runs.audit
        tokens.all_tokens tokens.begin_session tokens.end_session tokens.forget_sessions tokens.holder tokens.session
        views.add_line views.drop_line views.escalated views.failed views.heard views.known views.line_sent
        views.put_off views.put_off_line views.reminded views.shown
    """,
    "observe doors": "runs.open_run runs.request_run",
    "observe train": "runs.note_challenger",
    "train promote": "effects.called effects.done effects.intend",
    "observe train promote": """
        runs.finish runs.goes_on runs.note_error runs.note_trace runs.note_trace_place upkeep.size_of_threads
    """,
    "observe promote doors": "approvals.set_state",
    "observe train promote doors": """
        queue.forget queue.put queue.put_run queue.sweep queue.take_back queue.wake
    """,
    "": """
        pauses.pause pauses.unpause questions.answer shadow.lift tokens.add tokens.revoke
        upkeep.drop_sums upkeep.drop_threads upkeep.drop_windows upkeep.fold
        upkeep.forget upkeep.forget_grants upkeep.forget_incidents upkeep.forget_lines
        upkeep.keep_by_reference upkeep.keep_whole upkeep.tended
    """,
}
OF_NOBODY_BUT_ITS_OWNER = ("roles", "provision")
ROLES = ("observe", "train", "promote", "doors", "view")


def statements() -> dict[str, str]:
    """Return every statement by its name, with null for each value."""
    files = [Path(each.name) for each in (resources.files("checkpoints") / "sql").iterdir()]
    groups = sorted(each.stem for each in files if each.suffix == ".sql" and each.stem not in OF_NOBODY_BUT_ITS_OWNER)
    return {
        f"{group}.{name}": re.sub(r"%\(\w+\)s", "null", text).replace("%%", "%")
        for group in groups
        for name, text in named(group).items()
    }


def may_run(uri: str) -> set[str]:
    """Return the statements that a login has the rights for: Postgres looks at them before it plans anything."""
    found = set()
    with psycopg.connect(uri, options="-c search_path=autopilot") as connection:
        for name, text in statements().items():
            try:
                connection.execute(f"explain {text}".encode())
                found.add(name)
            except psycopg.errors.InsufficientPrivilege:
                pass
            connection.rollback()
    return found


@pytest.mark.parametrize("duty", ROLES)
def test_each_role_runs_the_statements_of_its_duty_and_no_others(home, duty):
    said = {name: who.split() for who, names in MAY.items() for name in names.split()}
    assert set(said) <= set(statements())
    assert may_run(split(home.dsn)[duty]) == {name for name in statements() if duty in said.get(name, ROLES)}
