"""The parts of the embedded Postgres that can be judged without starting it."""

import os
import pwd
import stat
import subprocess
import time
from pathlib import Path

import pytest

from checkpoints.embedded import account, binaries, folders, locks, server
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Misconfigured, Unavailable

ME = os.geteuid()
NOBODY_HAS_THIS_UID = 3_123_456_789
SOMEBODY = next((entry for entry in pwd.getpwall() if entry.pw_uid not in (0, ME)), None)
MYSELF = account.Account("me", ME, os.getegid(), other=False)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/srv/project/.autopilot/postgres/socket", True),
        ("/srv/my project/socket", True),
        ("/srv/tschüß/socket", True),
        ("/" + "x" * 88, True),  # 103 bytes with the socket's name: macOS just takes it
        ("/" + "x" * 89, False),
        ("/" + "ü" * 50, False),  # bytes count, not characters
        ("/srv/a,b/socket", False),  # the server and libpq would see two
        ('/srv/"a"/socket', False),
        ("/srv/a\nb/socket", False),
    ],
)
def test_a_socket_path_must_be_short_and_plain(folder, expected):
    assert folders.fits(Path(folder)) is expected


def test_only_a_closed_folder_of_ours_is_accepted(tmp_path):
    good = tmp_path / "good"
    good.mkdir(mode=0o700)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(good)
    assert folders.complaint(good, {ME}, 0o700) is None
    assert "is not a folder" in (folders.complaint(tmp_path / "file", {ME}, 0o700) or "")
    assert "is not a folder" in (folders.complaint(tmp_path / "link", {ME}, 0o700) or "")
    assert "belongs to" in (folders.complaint(good, {ME + 1}, 0o700) or "")
    good.chmod(0o750)
    assert "mode 0750" in (folders.complaint(good, {ME}, 0o700) or "")
    assert folders.complaint(good, {ME}, 0o755) is None


def test_a_folder_with_other_peoples_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    tmp_path.chmod(0o755)
    for act in (EmbeddedPostgres(tmp_path).ensure, EmbeddedPostgres(tmp_path).stop, EmbeddedPostgres(tmp_path).destroy):
        with pytest.raises(Misconfigured, match="holds other files"):
            act()
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_looking_at_a_server_that_never_was_makes_nothing(tmp_path):
    embedded = EmbeddedPostgres(tmp_path / "postgres")
    assert not embedded.running()
    assert not embedded.stop()
    assert embedded.folders() == []
    with pytest.raises(Unavailable, match="no embedded database"):
        embedded.dsn()
    embedded.destroy()
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_made_is_a_matter_of_configuration(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="Not a directory"):
        EmbeddedPostgres(tmp_path / "file" / "postgres").ensure()
    with pytest.raises(Misconfigured, match="is not a folder"):
        EmbeddedPostgres(tmp_path / "file").ensure()


def test_a_login_is_quoted_into_the_uri(tmp_path):
    uri = EmbeddedPostgres(tmp_path / "my db").dsn("a/b", user="x@y", password="p:w/?")
    assert uri.startswith("postgresql://x%40y:p%3Aw%2F%3F@/a%2Fb?host=%2F")
    assert uri.endswith("my%20db%2Fsocket&port=5432")


def test_an_ordinary_user_runs_the_server_itself_and_needs_a_passwd_entry():
    chosen = account.choose("postgres", owner=0, euid=SOMEBODY.pw_uid if SOMEBODY else ME)
    assert not chosen.other
    with pytest.raises(Misconfigured, match="no passwd entry") as caught:
        account.choose(None, owner=None, euid=NOBODY_HAS_THIS_UID)
    assert "DATABASE_URL" in caught.value.hint


@pytest.mark.skipif(SOMEBODY is None, reason="there is no other account")
def test_who_the_server_runs_as_for_root():
    assert SOMEBODY is not None
    assert account.choose(SOMEBODY.pw_name, owner=None, euid=0).uid == SOMEBODY.pw_uid
    assert account.choose(None, owner=SOMEBODY.pw_uid, euid=0).name == SOMEBODY.pw_name  # the database's owner decides
    with pytest.raises(Misconfigured, match="belongs to"):
        account.choose("another", owner=SOMEBODY.pw_uid, euid=0)


@pytest.mark.parametrize(
    ("wanted", "owner", "said"),
    [
        ("no-such-account", None, "no account no-such-account"),
        ("root", None, "refuses to run as root"),
        (None, 0, "refuses to run as root"),
        (None, NOBODY_HAS_THIS_UID, "no passwd entry"),
    ],
)
def test_who_the_server_cannot_run_as(wanted, owner, said):
    with pytest.raises(Misconfigured, match=said):
        account.choose(wanted, owner, euid=0)


def test_a_program_of_ours_sees_neither_our_environment_nor_our_folder(tmp_path):
    code, printed = MYSELF.run(["/bin/sh", "-c", "pwd; env"], timeout_s=30)
    assert code == 0
    assert printed.splitlines()[0] == "/"
    assert {line.partition("=")[0] for line in printed.splitlines()[1:]} <= {
        "PATH",
        "LC_ALL",
        "TZ",
        "PWD",
        "SHLVL",
        "_",
    }


def test_a_program_that_hangs_is_ended():
    with pytest.raises(Unavailable, match="took more than"):
        MYSELF.run(["/bin/sh", "-c", "exec sleep 600"], timeout_s=0.1)


def script(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


@pytest.mark.parametrize(
    ("postgres", "mode", "said"),
    [
        ("#!/bin/sh\necho 'postgres (PostgreSQL) 17.4'\n", 0o755, "is 17; 18 is the oldest"),
        (
            "#!/bin/sh\necho 'libfoo.so: cannot open shared object file' >&2; exit 127\n",
            0o755,
            "cannot open shared object",
        ),
        ("#!/lib/ld-of-another-libc.so\n", 0o755, "No such file or directory"),
        ("\x7fELF not really", 0o755, "Exec format error"),
        ("#!/bin/sh\n", 0o644, "Permission denied"),
        ("#!/bin/sh\necho hello\n", 0o755, "hello"),
    ],
)
def test_programs_that_do_not_run_here(tmp_path, postgres, mode, said):
    script(tmp_path, "postgres", postgres, mode)
    with pytest.raises(Misconfigured, match=said) as caught:
        binaries.version(tmp_path, MYSELF)
    assert "DATABASE_URL" in caught.value.hint


def test_programs_that_are_not_there(tmp_path):
    script(tmp_path, "postgres", "#!/bin/sh\n")
    with pytest.raises(Misconfigured, match="no initdb in") as caught:
        binaries.find(tmp_path)
    assert "DATABASE_URL" in caught.value.hint


def test_a_lock_excludes_and_a_shared_one_only_the_exclusive(tmp_path):
    path = tmp_path / "lock"
    first, second = locks.attempt(path, locks.SHARED), locks.attempt(path, locks.SHARED)
    assert first is not None and second is not None
    assert locks.attempt(path, locks.EXCLUSIVE) is None
    assert not locks.convert(first, locks.EXCLUSIVE)
    os.close(first)
    assert locks.convert(second, locks.EXCLUSIVE)
    with pytest.raises(Unavailable, match="busy"):
        locks.take(path, locks.SHARED, deadline=time.monotonic())
    os.close(second)


def test_a_lock_on_a_removed_file_is_no_lock(tmp_path):
    path = tmp_path / "lock"
    fd = locks.take(path, locks.EXCLUSIVE, deadline=time.monotonic() + 60)
    assert locks.names(path, fd)
    path.unlink()
    assert not locks.names(path, fd)
    path.touch()
    assert not locks.names(path, fd)
    os.close(fd)


def test_a_lock_file_never_follows_a_link(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        locks.attempt(tmp_path / "lock", locks.EXCLUSIVE)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ("", None),  # killed between making and writing it
        ("\n", None),
        ("garbage\n/data\n", None),
        ("1\n/data\n17\n", "2147483647\n/data\n17\n"),  # the rest leads Postgres to the old shared memory
    ],
)
def test_a_pid_file_that_a_killed_server_left(tmp_path, left, expected):
    rooms = folders.Rooms(tmp_path, tmp_path, tmp_path)
    (tmp_path / "postmaster.pid").write_text(left)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (tmp_path / name).touch()
    server.clean_up(rooms, MYSELF)
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == ({} if expected is None else {"postmaster.pid": expected})


def test_a_pid_file_that_is_a_link_is_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("1\n")
    rooms = folders.Rooms(tmp_path, tmp_path, tmp_path)
    (tmp_path / "postmaster.pid").hardlink_to(tmp_path / "precious")
    with pytest.raises(Misconfigured, match="not the server's own"):
        server.clean_up(rooms, MYSELF)
    (tmp_path / "postmaster.pid").unlink()
    (tmp_path / "postmaster.pid").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        server.clean_up(rooms, MYSELF)
    assert (tmp_path / "precious").read_text() == "1\n"


def test_a_live_process_is_known_by_its_command_line_and_a_zombie_has_none():
    child = subprocess.Popen(["/bin/sleep", "600"])
    while not server.command_line(child.pid):  # for a moment the kernel has taken the old one away
        time.sleep(0.01)
    assert server.command_line(child.pid) == "/bin/sleep 600 "
    if Path("/bin/ps").exists():
        assert server._asked_of_ps(child.pid) == "/bin/sleep 600 "
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
    assert server.command_line(child.pid) == ""
    if Path("/bin/ps").exists():
        assert server._asked_of_ps(child.pid) == ""
    child.wait()
    assert server.command_line(child.pid) == ""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", "it said nothing"),
        ("2026-01-02 03:04:05.678 UTC [12] LOG:  starting\n", "LOG:  starting"),
        ("1 LOG:  a\n1 FATAL:  no space\n1 HINT:  free some\n1 LOG:  b\n", "1 FATAL:  no space · 1 HINT:  free some"),
        (
            "1 FATAL:  bad\n1 FATAL:  the database system is starting up\n",
            "1 FATAL:  bad · 1 FATAL:",
        ),
        ("ok\ninitdb: error: cannot\n", "initdb: error: cannot"),
    ],
)
def test_the_reason_is_found_in_the_log(tmp_path, log, said):
    (tmp_path / "log").write_text("FATAL:  of an earlier start\n" + log)
    assert server.tail(tmp_path / "log", len("FATAL:  of an earlier start\n")).startswith(said)


def test_a_database_of_another_release_is_named(tmp_path):
    with pytest.raises(Misconfigured, match="holds no database"):
        server.check_version(tmp_path, 18)
    (tmp_path / "PG_VERSION").write_text("17\n")
    with pytest.raises(Misconfigured, match=r"made by Postgres 17.*programs are 18"):
        server.check_version(tmp_path, 18)
