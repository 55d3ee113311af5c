"""One embedded Postgres in one folder: started by whoever comes first, stopped by whoever leaves last."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from psycopg import pq

from checkpoints.embedded import account, binaries, folders, locks, server
from checkpoints.embedded.folders import SOCKET_NAME, file_errors
from graph.errors import Misconfigured, Unavailable

_PORT = SOCKET_NAME.rpartition(".")[2]  # part of the socket's name only: the server listens on no network
_PATIENCE_S = 30.0
# All that may lie in `home`. The lock goes last: until then nobody begins anew in there.
_CONTENTS = (
    *("old", "new", "data", "socket", "bin", "bin.new", "outside", "account", "account.new", "superuser.pw"),
    *("superuser.pw.new", "postgres.log", "postgres.log.1", "server", "users", "lock"),
)


class EmbeddedPostgres:
    """A real Postgres in the folder `home` (made on first use), shared by all processes that name the same folder.

    `binaries` is a folder with `postgres` and `initdb` (18 or newer) to use instead of the wheel's; `account` is the
    account that the server runs as when we are root, instead of `postgres` or else `nobody`. Nothing is started here.

    Three files in `home` are locks. `lock`: whoever starts or stops the server. `users`: shared, one per user of the
    server. `server`: held by the server's own processes, so that it is free exactly when none of them lives any more.

    Any method raises Misconfigured (wrong folder, account or programs) or Unavailable (not in time, disk full).
    """

    def __init__(self, home: Path, *, binaries: Path | None = None, account: str | None = None) -> None:
        self.home = home.expanduser().resolve()
        self._binaries = binaries
        self._account = account

    def ensure(self, timeout_s: float = _PATIENCE_S) -> None:
        """Return once the server takes connections, having made and started it if need be. Leaves it running."""
        with file_errors(self.home):
            if folders.ours(self.home) and self._healthy():
                return
            folders.claim(self.home)
            self._bring_up(time.monotonic() + timeout_s)

    def dsn(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """Return a libpq URI; without a user that of the superuser, whose password is in it. Made by `ensure` first."""
        if user is None:
            user, password = server.SUPERUSER, self._password()
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{quote(user, safe='')}{secret}@/{quote(database, safe='')}?{self._address()}"

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Keep the server up inside the block. Whoever leaves last stops it; one that was killed has left, too.

        A forked child is no user of its own; if it may outlive the block, it takes a lease itself.
        """
        user, process = self._join(), os.getpid()
        try:
            self.ensure()
            yield
        finally:
            self._leave(user, forked=os.getpid() != process)

    def hold(self) -> int:
        """Return an inheritable descriptor: as long as any process has it open, no user's leaving stops the server.

        For a child that outlives us (`pass_fds`); close it here once the child has it. Its end alone stops nothing: the
        server then stays until the next user leaves.
        """
        user = self._join()
        try:
            self.ensure()
        except BaseException:
            os.close(user)
            raise
        os.set_inheritable(user, True)
        return user

    def running(self) -> bool:
        """Whether the server takes connections now."""
        with file_errors(self.home):
            return folders.ours(self.home) and self._answers()

    def stop(self) -> bool:
        """Stop the server, whoever uses it; return whether there was one to stop."""
        with file_errors(self.home):
            if not folders.ours(self.home):
                return False
            deadline = time.monotonic() + _PATIENCE_S
            with locks.held(self.home / "lock", deadline):
                return self._halt(deadline)

    def folders(self) -> list[Path]:
        """Return every folder outside `home` that this server made for itself and that is still its own."""
        with file_errors(self.home):
            away = folders.outside(self.home) if folders.ours(self.home) else None
            return [away] if away and folders.trusted(self.home, self._owners()) else []

    def destroy(self) -> None:
        """Stop the server, whoever uses it, and remove its data and folders. Other files in `home` stay."""
        with file_errors(self.home):
            if not folders.ours(self.home):
                return
            deadline = time.monotonic() + _PATIENCE_S
            with locks.held(self.home / "lock", deadline):
                self._halt(deadline, keep=False)
                self._remove()

    def _remove(self) -> None:
        if folders.trusted(self.home, self._owners()) and self._data.exists():
            self._data.rename(self._data.with_name("old"))  # killed on the way, we leave no half database in its place
        for folder in self.folders():
            folders.remove(folder)
        for name in _CONTENTS:
            folders.remove(self.home / name)
        if not any(self.home.iterdir()):
            self.home.rmdir()

    def _join(self) -> int:
        with file_errors(self.home):
            folders.claim(self.home)
            return locks.take(self.home / "users", locks.SHARED, time.monotonic() + _PATIENCE_S)

    def _leave(self, user: int, *, forked: bool) -> None:
        try:
            # A forked child shares our lock: when it unwinds, it must neither stop the server nor let go for us.
            # A newcomer waits for its shared lock until the server is down, and then starts it again.
            if not forked and locks.convert(user, locks.EXCLUSIVE) and locks.names(self.home / "users", user):
                self.stop()
        finally:
            if not forked:
                locks.convert(user, locks.NONE)  # closing is not enough while a forked child has it open
            os.close(user)

    def _bring_up(self, deadline: float) -> None:
        with locks.held(self.home / "lock", deadline) as turn:
            while not self._healthy():
                if self._lost():
                    self._halt(deadline)
                claim = self._claim()
                if claim is None:
                    locks.pause(deadline, "the embedded database is not ready yet", f"try again, or see {self._log}")
                    continue
                try:
                    self._start(deadline, claim, turn)
                finally:
                    os.close(claim)

    def _start(self, deadline: float, claim: int, turn: int) -> None:
        """Start the server and wait for it. `turn` and `claim` are the locks that its programs inherit."""
        source = binaries.find(self._binaries)
        runs_as = self._runs_as()
        with folders.furnished(self.home, runs_as) as rooms:
            programs = binaries.reachable(source, rooms.base / "bin", runs_as)
            missing = not rooms.data.exists()
            if missing:
                server.write_private(self.home / "superuser.pw", secrets.token_urlsafe(24))
                server.prepare(rooms, runs_as, self._password())
        major = binaries.version(programs, runs_as)
        if missing:
            server.create(programs, rooms, runs_as, max(1.0, deadline - time.monotonic()), (turn, claim))
            folders.link(self.home, "data", rooms.data)
        server.check_version(rooms.data, major)
        server.clean_up(rooms, runs_as)
        log_from = server.rotate(self._log)
        process = server.start(programs, rooms, runs_as, self._log, claim)
        try:
            self._await(process, deadline, log_from)
        finally:
            # The server outlives us on purpose. Without a code Python would warn that a child was left behind.
            process.returncode = process.returncode or 0

    def _runs_as(self) -> account.Account:
        known = folders.keeper(self.home)
        chosen = account.choose(self._account, known if os.path.lexists(self.home / "data") else None, os.geteuid())
        if chosen.other and chosen.uid != known:
            server.write_private(self.home / "account", str(chosen.uid))
        return chosen

    def _await(self, process: Popen[bytes], deadline: float, log_from: int) -> None:
        while not self._healthy():
            code = process.poll()
            if code is not None:
                said = server.tail(self._log, log_from)
                killed = f" (killed by signal {-code})" if code < 0 else ""
                raise Unavailable(f"the embedded database did not start{killed}: {said}", f"see {self._log}")
            locks.pause(deadline, "the embedded database is still starting")

    def _halt(self, deadline: float, *, keep: bool = True) -> bool:
        claim = self._claim()
        if claim is not None:
            os.close(claim)
            return False
        pid = server.postmaster(self._data, self.home / "server")
        if pid is not None:
            server.stop(pid, keep=keep)
        while (claim := self._claim()) is None:
            locks.pause(deadline, "the embedded database did not stop", "if it runs in a container, stop it there")
        os.close(claim)
        return pid is not None

    def _claim(self) -> int | None:
        """Return a descriptor with the server's own lock, or None while any process of the server lives."""
        claim = locks.attempt(self.home / "server", locks.EXCLUSIVE)
        # Somebody may have started Postgres on our data by hand, or removed the lock file under the server.
        if claim is not None and server.postmaster(self._data, self.home / "server") is not None:
            os.close(claim)
            return None
        return claim

    def _healthy(self) -> bool:
        # A server whose pid file was removed answers still, but shuts itself down within the minute.
        return (self._data / "postmaster.pid").exists() and self._answers()

    def _lost(self) -> bool:
        """Whether the server runs, but no newcomer will ever reach it: its socket or its pid file was removed."""
        if not (self._data / "postmaster.pid").exists():
            return self._answers()
        in_place = folders.trusted(self.home, self._owners()) and (self._socket / SOCKET_NAME).exists()
        return server.status(self._data) == "ready" and not in_place

    def _answers(self) -> bool:
        # A folder that somebody else put in our place could hold a server that asks for passwords.
        if not folders.trusted(self.home, self._owners()):
            return False
        uri = f"postgresql://{server.SUPERUSER}@/postgres?{self._address()}&connect_timeout=2"
        return pq.PGconn.ping(uri.encode()) == pq.Ping.OK

    def _owners(self) -> set[int | None]:
        return {os.geteuid(), folders.keeper(self.home)}

    def _address(self) -> str:
        # With the port: PGPORT in a user's environment would lead to another socket.
        return f"host={quote(os.fsencode(self._socket), safe='')}&port={_PORT}"

    def _password(self) -> str:
        try:
            return (self.home / "superuser.pw").read_text().strip()
        except FileNotFoundError:
            if (self.home / "data").exists():
                raise Misconfigured(f"{self.home}/superuser.pw is gone", "bring it back, or begin anew") from None
            raise Unavailable(f"there is no embedded database in {self.home} yet", "start it first") from None

    @property
    def _data(self) -> Path:
        return folders.place(self.home, "data")

    @property
    def _socket(self) -> Path:
        return folders.place(self.home, "socket")

    @property
    def _log(self) -> Path:
        return self.home / "postgres.log"
