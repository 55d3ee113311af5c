"""The server process: how a database is made, how the server is started, recognised and cleaned up after."""

import os
import re
import signal
import stat
import subprocess
from collections.abc import Collection
from pathlib import Path

from checkpoints.embedded import folders
from checkpoints.embedded.account import Account, Command
from checkpoints.embedded.folders import SOCKET_NAME, Rooms
from graph.errors import Misconfigured, Unavailable

SUPERUSER = "postgres"
# On the command line rather than in postgresql.conf: what this release wants also holds for a database of an older one.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "fsync": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a failed CREATE ROLE would write its password into the log
}
_IMPOSSIBLE_PID = 2**31 - 1
_LOG_LIMIT = 8 * 2**20  # bytes
_PREFIX = re.compile(r"^[\d-]+ [\d:.]+ \w+ \[\d+\] ")
_COMPLAINT = re.compile(r"(FATAL|PANIC|error): ++(?!the database system is )")


def prepare(rooms: Rooms, account: Account, password: str) -> None:
    """Make the room in which a database is made, with the superuser's password in it."""
    new = rooms.base / "new"
    folders.remove(new)  # an initdb was killed in there
    folders.remove(rooms.base / "old")  # so was the removal of a database
    new.mkdir(mode=0o700)
    write_private(new / "password", password)
    if account.other:
        os.chown(new / "password", account.uid, account.gid)
    folders.room(new, account)


def create(programs: Path, rooms: Rooms, account: Account, timeout_s: float, keep: Collection[int]) -> None:
    """Make the database in the prepared room and move it to its place, so that half a database never stands there."""
    new = rooms.base / "new"
    command: Command = [
        programs / "initdb", f"--pgdata={new / 'data'}", f"--username={SUPERUSER}", f"--pwfile={new / 'password'}",
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
    ]  # fmt: skip
    code, printed = account.run(command, timeout_s, keep)
    if code != 0:
        folders.remove(new)
        raise Unavailable(f"the embedded database could not be made: {_reason(printed)}", "autopilot doctor")
    (new / "data").rename(rooms.data)
    _sync(rooms.data.parent)
    folders.remove(new)


def start(programs: Path, rooms: Rooms, account: Account, log: Path, claim: int) -> subprocess.Popen[bytes]:
    """Start the server. It inherits the lock behind `claim`, and with it every process of the server holds it."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    command: Command = [programs / "postgres", "-D", rooms.data, "-k", rooms.socket, *settings]
    try:
        process = account.start(command, output, (claim,))
    finally:
        os.close(output)
    os.ftruncate(claim, 0)
    os.pwrite(claim, f"{process.pid}\n{rooms.data}\n".encode(errors="surrogateescape"), 0)
    return process


def rotate(log: Path) -> int:
    """Put a log that has grown too long aside; return the length, in bytes, of the one to be written."""
    size = log.stat().st_size if log.exists() else 0
    if size <= _LOG_LIMIT:
        return size
    log.replace(log.with_name(f"{log.name}.1"))
    return 0


def check_version(data: Path, major: int) -> None:
    """Raise Misconfigured if there is none, or it was made by another major version than that of the programs."""
    made_by = "".join(_lines(data / "PG_VERSION")[:1])
    if not made_by:
        raise Misconfigured(f"{data} holds no database", "bring it back, or remove the folder to begin anew")
    if made_by != str(major):
        raise Misconfigured(
            f"the database in {data} was made by Postgres {made_by}, and the programs are {major}",
            f"install the release that ships Postgres {made_by}, or move the data with pg_dump",
        )


def status(data: Path) -> str:
    """Return what the server last said of itself (`starting`, `ready`, `stopping`), "" without a pid file."""
    return next(iter(_lines(data / "postmaster.pid")[7:8]), "").strip()


def postmaster(data: Path, note: Path) -> int | None:
    """Return the pid of the live server of this database, or None.

    Taken from our note or the server's own pid file, and believed only if the process is a Postgres of that folder:
    after a restart of the machine or container the number may be anybody's, and a zombie has no command line.
    """
    noted = _lines(note)
    folder = noted[1] if len(noted) > 1 else str(data)  # what it was called at the start; the project may have moved
    for line in (*noted[:1], *_lines(data / "postmaster.pid")[:1]):
        if line.strip().isdigit() and f"/postgres -D {folder} " in command_line(int(line)):
            return int(line)
    return None


def command_line(pid: int) -> str:
    """Return the command line of a live process, "" if there is none or it is a zombie."""
    if not Path("/proc/self/cmdline").exists():
        return _asked_of_ps(pid)
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
    except OSError:
        return ""


def stop(pid: int, *, keep: bool) -> None:
    """Ask a server to end its sessions and itself. What was committed is kept; written out at once only to `keep` it.

    Writing out many databases can take minutes on a busy disk: for nothing, where they are removed next.
    """
    try:
        os.kill(pid, signal.SIGINT if keep else signal.SIGQUIT)
    except ProcessLookupError:
        return


def clean_up(rooms: Rooms, account: Account) -> None:
    """Remove what a killed server left and what would stop the next one. Only while none runs."""
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (rooms.socket / name).unlink(missing_ok=True)
    pid_file = rooms.data / "postmaster.pid"
    lines = _lines(pid_file)
    if not lines or not lines[0].strip().isdigit():
        pid_file.unlink(missing_ok=True)
        return
    # Its pid may by now be another process's, or a zombie's, and Postgres would then refuse to start. Without the file
    # it would start, but also without its own check that no backend of the dead server uses the shared memory.
    _overwrite(pid_file, "\n".join([str(_IMPOSSIBLE_PID), *lines[1:]]) + "\n", account.uid)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all, also over a power cut."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(fd)
    draft.replace(path)
    _sync(path.parent)


def tail(log: Path, since: int) -> str:
    """Return on one line what the log says, from byte `since` on, of why the server ended."""
    with log.open("rb") as file:
        file.seek(since)
        return _reason(file.read().decode(errors="replace"))


def _asked_of_ps(pid: int) -> str:
    command = ["/bin/ps", "-ww", "-o", "stat=,args=", "-p", str(pid)]
    printed = subprocess.run(command, capture_output=True, check=False).stdout
    state, _, arguments = printed.decode(errors="surrogateescape").strip().partition(" ")
    return "" if state.startswith("Z") else f"{arguments.strip()} "


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def _overwrite(path: Path, text: str, owner: int) -> None:
    """Overwrite the account's own file, and nothing that a link of that name may lead to."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(fd, "w", errors="surrogateescape") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != owner or found.st_nlink != 1:
            raise Misconfigured(f"{path} is not the server's own file", "look who made it, and remove it")
        os.ftruncate(fd, 0)
        file.write(text)


def _reason(text: str) -> str:
    """Return the last complaint in a program's output, or else its end; not what it told those who came too early."""
    lines = [_PREFIX.sub("", line.strip()) for line in text.splitlines() if line.strip()]
    complaints = [n for n, line in enumerate(lines) if _COMPLAINT.search(line)]
    told = lines[complaints[-1] :][:2] if complaints else lines[-2:]
    return " · ".join(told)[:500] or "it said nothing"


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
