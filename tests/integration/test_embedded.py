"""The embedded Postgres for real: first use, sharing, every way of dying, awkward places, root and ordinary users."""

import multiprocessing
import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from checkpoints.embedded import server
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.integration.embedded_servers import ROOT, SOCKET, execute, kill, mode, pid_of

SPAWN = multiprocessing.get_context("spawn")


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
