"""The operating-system account that the embedded server runs as, and programs run in its name."""

import errno
import os
import pwd
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from graph.errors import Misconfigured, Unavailable

HINT = "name a Postgres of your own in DATABASE_URL"
PREFERRED = ("postgres", "nobody")
# The server gets nothing of our environment: PG*, LD_*, locale and time zone would all change what it does.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

Command: TypeAlias = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as. `other`: we are root and step down to it; Postgres refuses to run as root."""

    name: str
    uid: int
    gid: int
    other: bool

    def start(self, command: Command, output: int, keep: Collection[int] = ()) -> subprocess.Popen[bytes]:
        """Start a program as this account, in a session of its own, with `keep` as its only inherited descriptors."""
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=os.sep,
                env=_ENVIRONMENT,
                pass_fds=keep,
                start_new_session=True,
                user=self.uid if self.other else None,
                group=self.gid if self.other else None,
                extra_groups=[] if self.other else None,
            )
        except OSError as error:
            # A missing capability or an id that this container does not map; a file that cannot be run says EACCES.
            if self.other and error.errno in (errno.EPERM, errno.EINVAL):
                raise Misconfigured(f"root may not run a program as {self.name} here", HINT) from None
            raise

    def run(self, command: Command, timeout_s: float, keep: Collection[int] = ()) -> tuple[int, str]:
        """Run a program to its end; return its exit code and all that it printed. Unavailable if it takes too long."""
        with self.start(command, subprocess.PIPE, keep) as process:
            try:
                printed, _ = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                raise Unavailable(f"{command[0]} took more than {timeout_s:.0f} s", "try again") from None
            finally:
                process.kill()  # no effect on one that has ended; ends it on a timeout or Ctrl-C
        return process.returncode, printed.decode(errors="replace")

    def reaches(self, folder: Path) -> bool:
        """Whether this account may enter `folder`. Asked of the kernel: mode bits say nothing about access lists."""
        command: Command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]
        return not self.other or self.run(command, timeout_s=30)[0] == 0


def choose(wanted: str | None, owner: int | None, euid: int) -> Account:
    """Return the account for a server of user `euid` whose database, if there is one yet, belongs to uid `owner`."""
    if euid != 0:
        return _account(_by_uid(euid, "this user"), other=False)
    entry = _named(wanted) if owner is None else _by_uid(owner, "the owner of the embedded database")
    if entry.pw_uid == 0:
        raise Misconfigured("Postgres refuses to run as root", "name another account for the embedded database")
    if wanted not in (None, entry.pw_name):
        raise Misconfigured(f"the embedded database belongs to {entry.pw_name}, not to {wanted}", "use that account")
    return _account(entry, other=True)


def _account(entry: pwd.struct_passwd, *, other: bool) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other)


def _by_uid(uid: int, who: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise Misconfigured(f"{who} (uid {uid}) has no passwd entry, which Postgres needs", HINT) from None


def _named(wanted: str | None) -> pwd.struct_passwd:
    for name in (wanted,) if wanted else PREFERRED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    names = wanted or " or ".join(PREFERRED)
    raise Misconfigured(f"running as root, and there is no account {names} to run Postgres as", HINT)
