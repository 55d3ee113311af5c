"""A deployment whose processes may not all do the same: a database role for each, and a run through all hands."""

from datetime import timedelta

import psycopg
import pytest

from autopilot.apart import process
from autopilot.capabilities import ALL
from autopilot.fleet.planner import sweep
from autopilot.stores import Stores
from checkpoints import roles
from graph.errors import Misconfigured
from graph.model import Answer
from graph.thread import thread_id
from tests.fleet import fleet
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL
from tests.passwords import KNOWN
from tests.roles import WORKERS, apart, both, split

HOUR = timedelta(hours=1)


@pytest.fixture
def town(home, tmp_path):
    return fleet(home, tmp_path)


@pytest.fixture
def hands(home, town):
    """The fleet as each process sees it; `work` of one is a worker with that capability and that role."""
    with apart(home, town) as found:
        yield found


def take_turns(hands, *duties):
    for duty in duties or WORKERS * 2:
        hands[duty].work({duty})
        assert hands[duty].broken == []


def begun(home, hands):
    """Take a run to its training; return it."""
    home.monitor.evidence = DEGRADED
    hands["observe"].plan()
    take_turns(hands)
    run = str(home.book.runs.active(MODEL)["run"])
    assert home.row(run)["status"] == "training"
    return run


def asking(home, hands):
    """Take a run to its question; return it."""
    run = begun(home, hands)
    home.pipeline.end(home.key(run))
    home.book.queue.wake(run)
    take_turns(hands)
    assert home.row(run)["status"] == "awaiting_approval"
    return run


def said(home, hands, run, decision="approve"):
    hands["doors"].home.engine.take(run, Answer("ana", decision, "cli", home.clock.now()))


def test_a_run_goes_through_all_hands_to_its_end(home, hands):
    run = asking(home, hands)
    said(home, hands, run)
    take_turns(hands, "observe", "train")
    assert home.champion() == "1"
    take_turns(hands, "promote")
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert len(home.pipeline.starts) == 1
    assert [each["state"] for each in home.book.effects.of(run)] == ["done"] * 6


@pytest.mark.parametrize(("decision", "outcome"), [("deny", "denied"), (None, "expired")])
def test_who_observes_ends_what_was_not_approved(home, hands, decision, outcome):
    run = asking(home, hands)
    if decision:
        said(home, hands, run, decision)
    else:
        home.clock.pass_time(timedelta(days=30))
        home.book.queue.wake(run)
    take_turns(hands)
    assert (home.row(run)["outcome"], home.champion()) == (outcome, "1")


def test_who_promotes_voids_what_was_approved_and_has_changed_since(home, hands):
    run = asking(home, hands)
    said(home, hands, run)
    take_turns(hands, "observe")
    name = home.spec[0].registry
    other = home.registry.add_version(name, home.registry.log_run("other", {"model.skops": b"other"}))
    home.registry.point(name, "champion", other.version)
    take_turns(hands, "promote")
    assert (home.row(run)["outcome"], home.book.approval(run).state) == ("voided", "voided")


def test_a_check_that_finds_the_model_healthy_has_the_job_stopped_by_who_trains(home, hands):
    run = begun(home, hands)
    home.monitor.evidence = HEALTHY
    home.clock.pass_time(HOUR + timedelta(minutes=20))
    hands["train"].plan()
    take_turns(hands)
    assert home.row(run)["outcome"] == "voided"


def test_broken_rows_are_set_aside_and_asked_about(home, hands):
    home.monitor.evidence = BROKEN
    hands["promote"].plan()
    take_turns(hands)
    assert home.book.runs.latest(MODEL)["outcome"] == "data_issue"
    assert home.book.history(home.spec[0]).questions != ()


@pytest.mark.parametrize("duty", ["train", "promote", "doors"])
def test_an_alert_that_another_sweeps_is_looked_at_by_who_observes(home, hands, duty):
    now = home.clock.now()
    hands["doors"].home.book.database.execute(
        "insert into alerts (dedupe, source, model, name, detail, received_at)"
        " values ('a', 'grafana', %(model)s, 'drift', '{}', %(now)s)",
        model=MODEL,
        now=now,
    )
    for _ in range(2):
        sweep(hands[duty].desk({duty} & ALL))
    assert home.book.alerts.waiting() != []
    take_turns(hands, "observe")
    assert home.book.alerts.waiting() == []
    assert home.book.runs.latest(MODEL)["verdict"] == "healthy"


def test_a_thread_that_others_have_written_promotes_no_other_version(home, hands, town):
    """A return goes to the version that was approved, whatever the thread says: who trains may write there."""
    run = asking(home, hands)
    said(home, hands, run)
    take_turns(hands)
    assert home.champion() == "2"
    third = home.registry.add_version(home.spec[0].registry, home.registry.log_run("x", {"model.skops": b"x"}))
    back = home.engine.rollback(MODEL, "ben")
    said(home, hands, back)
    where = {"configurable": {"thread_id": thread_id(MODEL, back), "checkpoint_ns": ""}}
    hands["train"].home.engine._graph.update_state(where, {"challenger": third.version})
    take_turns(hands)
    assert home.champion() != third.version


# What each may write, tried with nothing but its login. A deed that is refused changes nothing; one that is allowed
# here is taken back.
DEEDS = {
    "observe": """
        update runs set action = 'retrain'
        insert into decisions (run, model, at, policy_digest) select run, model, now(), '' from runs
        update evidence set document = '{}'
        insert into validations (run, document) select run, '{}' from runs
        update windows set closed = true
        update watches set checked_until = now()
        delete from claims
        insert into grants (run, model, at) select run, model, now() from runs
        insert into incidents (kind, name, opened_at) values ('data', 'amount', now())
        update questions set incident = null
    """,
    "train": """
        insert into trainings (run, model, started_at) select run, model, now() from runs
        update runs set job = '{}'
        update costs set price = 0, settled_at = now()
    """,
    "promote": """
        insert into promotions select run, '', null, '', '', '', now() from runs
        insert into demotions (run, model, at) select run, model, now() from runs
    """,
    "doors": """
        insert into answers select id, 'b', 'approve', 'web', now() from approvals
        insert into audit (at, actor, act) values (now(), 'ben', 'approve')
        insert into alerts (dedupe, source, model, name, detail, received_at) values ('d', 's', 'm', 'n', '{}', now())
        select hash from access_tokens
        update incidents set told_at = now()
    """,
    "observe doors": """
        insert into runs (run, model, started_at, updated_at) values (gen_random_uuid(), 'm', now(), now())
    """,
    "nobody": """
        update approvals set fingerprint = ''
        update approvals set sealed = '{}'
        update runs set model = 'other'
        update decisions set document = '{}'
        update answers set decision = 'approve'
        update validations set document = '{}'
        update promotions set digest = ''
        delete from runs
        delete from decisions
        delete from evidence
        delete from approvals
        delete from trainings
        delete from effects
        delete from langgraph.checkpoints
        truncate audit
        insert into tallies values ('trainings', '', '', 0, 1)
        insert into pauses (scope, reason, paused_by, os_user, paused_at) values ('all', 'x', 'x', 'x', now())
        update pauses set lifted_at = now(), lifted_by = 'x'
        update questions set answered_at = now(), genuine = true
        update demotions set lifted_at = now(), lifted_by = 'x'
        insert into access_tokens select gen_random_uuid(), 'x', 'approver', 'x', now(), 'x'
        create table autopilot.mine ()
        drop table audit
        alter table approvals disable row level security
        create function queue.mine() returns int language sql as 'select 1'
    """,
}


@pytest.mark.parametrize("duty", [*WORKERS, "doors", "view"])
def test_each_role_does_its_own_deeds_and_no_others(home, duty):
    home.waiting()
    uri = split(home.dsn)[duty]
    own = {each for allowed in DEEDS if duty in allowed.split() for each in deeds(allowed)}
    assert {each for allowed in DEEDS for each in deeds(allowed) if works(uri, each)} == own


def deeds(allowed):
    return [line.strip() for line in DEEDS[allowed].strip().splitlines()]


def works(uri, deed):
    """Tell whether a login has the right to do this."""
    with psycopg.connect(uri, options="-c search_path=autopilot") as connection:
        try:
            connection.execute(deed.encode())
        except psycopg.errors.InsufficientPrivilege:
            return False
        except psycopg.errors.IntegrityError:
            return True
        finally:
            connection.rollback()
    return True


STATES = ("pending", "approved", "denied", "expired", "voided")
MAKES = {
    "observe": {"pending": {"pending", "expired", "voided"}},
    "promote": {"approved": {"voided"}},
    "doors": {"pending": {"pending", "approved", "denied", "voided"}},
}


@pytest.mark.parametrize("duty", [*WORKERS, "doors", "view"])
def test_nobody_makes_of_a_request_what_is_not_theirs_to_make(home, duty):
    run = home.waiting()
    uri = split(home.dsn)[duty]
    for before in STATES:
        home.book.database.execute("update approvals set state = %(state)s", state=before)
        made = {after for after in STATES if turned(uri, run, after)}
        assert made == MAKES.get(duty, {}).get(before, set()), before


def turned(uri, run, state):
    with psycopg.connect(uri, options="-c search_path=autopilot") as connection:
        try:
            return connection.execute("update approvals set state = %s where run = %s", (state, run)).rowcount == 1
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            connection.rollback()


KINDS = ("training", "candidate", "release", "version", "champion", "previous")


@pytest.mark.parametrize(
    ("duty", "own"), [("observe", ()), ("train", KINDS[:2]), ("promote", KINDS[2:]), ("doors", ()), ("view", ())]
)
def test_nobody_says_that_anothers_deed_is_done(home, duty, own):
    run = home.waiting()
    uri = split(home.dsn)[duty]
    intend = f"insert into effects (key, run, kind, state, intended_at) values ('k', '{run}', '%s', 'done', now())"
    assert tuple(kind for kind in KINDS if works(uri, intend % kind)) == own
    with psycopg.connect(uri, autocommit=True, options="-c search_path=autopilot") as connection:
        try:
            changed = connection.execute("update effects set result = '{}'").rowcount
        except psycopg.errors.InsufficientPrivilege:
            changed = 0
    assert changed == (2 if duty == "train" else 0)


@pytest.mark.parametrize("duty", [*WORKERS, "doors", "view"])
def test_no_role_takes_a_line_of_the_audit_trail_away(home, duty):
    home.book.runs.audit("ana", "approve", home.clock.now(), MODEL, None, {})
    with psycopg.connect(split(home.dsn)[duty], autocommit=True, options="-c search_path=autopilot") as connection:
        for deed in ("delete from audit", "update audit set actor = 'ben'"):
            try:
                connection.execute(deed.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
    assert home.book.database.rows("select actor from audit") == [{"actor": "ana"}]


def test_rights_are_given_again_and_to_what_a_migration_brings(home):
    owner = home.dsn
    split(owner)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("create table autopilot.brought (x integer)")
        connection.execute("grant delete on autopilot.runs to autopilot_trainer")
        try:
            assert roles.grant_again(owner)
            assert works(roles_of(owner)["view"], "select x from brought")
            assert not works(roles_of(owner)["train"], "delete from runs")
        finally:
            connection.execute("drop table autopilot.brought")


def roles_of(owner):
    return {duty: roles.uri(owner, role, KNOWN) for duty, role in roles.ROLES.items()}


@pytest.mark.parametrize(
    ("duties", "can", "state", "words"),
    [
        (["observe"], {"observe"}, "ok", "--can observe, as database role"),
        (["train"], {"train"}, "ok", "--can train"),
        (["observe", "train"], {"observe", "train"}, "ok", "--can observe,train"),
        (["doors"], set(), "ok", "--can none"),
        (["observe"], {"promote"}, "failed", "has not the rights to promote"),
        (["view"], set(), "failed", "has not the rights to doors"),
        (["observe", "promote"], {"observe"}, "warning", "has the rights to promote, too"),
        ([], {"observe"}, "warning", "which owns the ledger"),
        ([], ALL, "ok", "--can observe,train,promote"),
        ([*WORKERS, "doors"], ALL, "warning", "may fold and drop nothing that is old"),
    ],
)
def test_doctor_says_what_a_process_may_do_and_whether_that_is_too_much(home, duties, can, state, words):
    split(home.dsn)
    uri = both(home.dsn, "some_login", *duties) if duties else home.dsn
    (found,) = process(Stores(uri, None, None, "", "", None), frozenset(can))
    assert (found["state"], words in found["detail"]) == (state, True), found


def test_who_may_not_make_roles_is_told_what_to_do(home):
    uri = split(home.dsn)["observe"]
    with pytest.raises(Misconfigured) as refused:
        roles.create(uri, KNOWN)
    assert "autopilot db roles --sql" in refused.value.hint
