"""Make the environment that a make target asked for, or find that it is already there.

Needs nothing but an interpreter with `venv`. Run from the root of the clone, by the Makefile. Packages are added and
replaced, never taken away: a demo or a training job may be running from the same folder.
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

UV = "uv==0.13.9"
PLANS = {
    "run": (Path(".venv"), Path("requirements.lock")),
    "dev": (Path(".venv"), Path("requirements-dev.lock")),
    "studio": (Path(".venv-studio"), Path("requirements-studio.lock")),
    "airflow": (Path(".venv-airflow"), Path("requirements-airflow.lock")),
    "ray": (Path(".venv-ray"), Path("requirements-ray.lock")),
}
FOREIGN = ("airflow", "ray")
"""Environments of systems that the tests start: the project is not in them."""
PROJECT = Path("pyproject.toml")


def main(plan: str, chosen: bool) -> None:
    """Take the three steps to this plan's environment; one whose mark says the same as before is skipped.

    `chosen`: the user named the interpreter, so an environment of another version of Python is made anew.
    """
    with _alone() as lock:
        folder, requirements = _wanted(plan)
        if not _works(folder, chosen):
            (folder / "bare").unlink(missing_ok=True)
        _once(folder / "bare", f"{UV}\n{os.getcwd()}\n", lambda: _bare(folder, lock))
        _once(folder / "packages", _digest(requirements), lambda: _packages(folder, requirements, lock))
        if plan not in FOREIGN:
            _once(folder / "project", _digest(PROJECT), lambda: _project(folder, lock))


def _wanted(plan: str) -> tuple[Path, Path]:
    """Return folder and lock. An environment for development stays one: its lock holds all that a run needs."""
    folder, requirements = PLANS[plan]
    development = PLANS["dev"][1]
    if plan == "run" and _read(folder / "packages") == _digest(development):
        return folder, development
    return folder, requirements


@contextlib.contextmanager
def _alone() -> Iterator[int]:
    """Hold the lock that keeps two makes apart; yields its descriptor. The kernel drops it at any death."""
    with PROJECT.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another make that is at work here.", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _once(mark: Path, text: str, act: Callable[[], None]) -> None:
    """Act unless the mark says that it was done for the same text; a step that dies leaves no mark."""
    if _read(mark) == text:
        return
    mark.unlink(missing_ok=True)
    act()
    mark.write_text(text)


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _digest(file: Path) -> str:
    return f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def _works(folder: Path, chosen: bool) -> bool:
    """Tell whether the environment's interpreter is there, starts, and is of the version that was asked for."""
    probe = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([folder / "bin" / "python", "-I", "-c", probe], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and (not chosen or answer.stdout.split() == [str(n) for n in sys.version_info[:2]])


def _bare(folder: Path, lock: int) -> None:
    """Make the environment with nothing in it but the installer, pinned."""
    print(f"Making {folder}: once, and again when it is moved.", file=sys.stderr)
    _run(lock, sys.executable, "-m", "venv", "--clear", folder)
    _run(lock, folder / "bin" / "python", "-m", "pip", "install", "--quiet", UV)


def _packages(folder: Path, requirements: Path, lock: int) -> None:
    print(f"Installing {requirements}: once, and again when it changes.", file=sys.stderr)
    _run(lock, *_uv(folder), "--no-deps", "--requirements", requirements)


def _project(folder: Path, lock: int) -> None:
    """Install the project itself, pointing at this folder; the lock holds what building it needs."""
    _run(lock, *_uv(folder), "--offline", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")


def _uv(folder: Path) -> list[str | Path]:
    # The machine's own certificates: behind a company's proxy the ones that uv brings are not enough.
    return [
        folder / "bin" / "uv",
        "--system-certs",
        "pip",
        "install",
        "--python",
        folder / "bin" / "python",
        *_cache(folder),
    ]


def _cache(folder: Path) -> list[str]:
    """Do without the installer's cache where the user has no folder that could hold it."""
    answer = subprocess.run([folder / "bin" / "uv", "cache", "dir"], capture_output=True, text=True)
    place = Path(answer.stdout.strip() or os.sep)
    while not place.exists():
        place = place.parent
    return [] if os.access(place, os.W_OK) else ["--no-cache"]


def _run(lock: int, *command: str | Path) -> None:
    """Run one step; it inherits the lock, so that a killed make does not let a second one in beside its orphan."""
    if subprocess.run(command, pass_fds=[lock]).returncode != 0:
        step = " ".join(str(part) for part in command[:3])
        sys.exit(f"{step} failed (see above). The first install needs the network; run make again to carry on.")


if __name__ == "__main__":
    main(sys.argv[1], chosen=len(sys.argv) > 2)
