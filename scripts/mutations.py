"""Break each pipeline elsewhere in ways that would start two jobs or take another's, and see that a test notices.

Works on a copy of the tree. Prints adapter × mutation × failing test; exits 1 when one survives. By hand, some minutes:
`.venv/bin/python scripts/mutations.py [KIND…]`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("graph", "tools", "checkpoints", "autopilot", "tests", "examples", "docs", "pyproject.toml", ".env.example")
TESTS = ("tests/conformance/test_remote_faults.py", "tests/conformance/test_pipeline.py")
SHARED = Path("tools", "pipelines", "remote_job.py")


@dataclass(frozen=True)
class Mutation:
    """One change of one file: `before`, which must be there once, becomes `after`."""

    name: str
    file: Path
    before: str
    after: str


def shared() -> tuple[Mutation, ...]:
    """Return what can be broken for all adapters in one place."""
    return (
        Mutation(
            "not looked for before it is sent",
            SHARED,
            "found = self.find(order.key)\n            if",
            "found = None\n            if",
        ),
        Mutation(
            "an unclear answer is sent again",
            SHARED,
            "return self._adopted(order, unclear)",
            "return self._send(order)",
        ),
        Mutation(
            "a 409 is taken as a failure",
            SHARED,
            "found = self.find(order.key)\n                if",
            "found = None\n                if",
        ),
    )


def own(kind: str) -> tuple[Mutation, ...]:
    """Return what each adapter does by itself: hand the key over, and tell its job from another key's."""
    file = Path("tools", "pipelines", f"{kind}.py")
    return tuple(Mutation(name, file, before, after) for name, before, after in OWN[kind])


KEY_LOST, ANOTHERS = "the key is not handed over", "another key's job is taken"
OWN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "jenkins": (
        (KEY_LOST, 'buildWithParameters", parameters(order))', 'buildWithParameters", {**parameters(order), KEY: ""})'),
        (ANOTHERS, "if _key(build) == key]", "if _key(build)]"),
    ),
    "gitlab": (
        (
            KEY_LOST,
            "for name, value in parameters(order).items()}",
            "for name, value in parameters(order).items() if value != order.key}",
        ),
        (ANOTHERS, 'if each["name"] == key]', 'if each["name"]]'),
    ),
    "airflow": (
        (KEY_LOST, '"dag_run_id": order.key, ', ""),
        (ANOTHERS, 'return bool((run["conf"] or {}).get(KEY) == key)', "return True"),
    ),
    "ray": (
        (KEY_LOST, '"metadata": {KEY: order.key},', '"metadata": {},'),
        (ANOTHERS, 'if (document["metadata"] or {}).get(KEY) != key:', "if False:"),
    ),
    "kubeflow": (
        (KEY_LOST, '"display_name": order.key,', '"display_name": "a run",'),
        (ANOTHERS, 'return run.get("display_name") == key and given == key', "return True"),
    ),
}


def main(kinds: list[str]) -> int:
    """Try every mutation of these kinds, all by default; return the exit code."""
    survivors = 0
    for kind in kinds or OWN:
        for mutation in (*shared(), *own(kind)):
            killer = _killer(kind, mutation)
            survivors += killer is None
            print(f"{kind:10} {mutation.name:36} {killer or 'SURVIVES'}", flush=True)
    return 1 if survivors else 0


def _killer(kind: str, mutation: Mutation) -> str | None:
    """Return the first test that fails on a copy with this mutation, None when all pass."""
    with tempfile.TemporaryDirectory(prefix="ap-") as folder:
        copy = Path(folder)
        for part in PARTS:
            _copied(ROOT / part, copy / part)
        text = (copy / mutation.file).read_text("utf-8")
        if text.count(mutation.before) != 1:
            sys.exit(f"{mutation.file} does not hold {mutation.before!r} once: correct scripts/mutations.py")
        (copy / mutation.file).write_text(text.replace(mutation.before, mutation.after), "utf-8")
        tests = [*TESTS, *_own_tests(kind, copy)]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
        done = subprocess.run([*command, "-k", kind], cwd=copy, capture_output=True, text=True)
        failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", done.stdout, re.MULTILINE)
        if done.returncode not in (0, 1) or (done.returncode == 1 and not failed):
            sys.exit(f"the tests of {kind} do not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return failed[1] if failed else None


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _own_tests(kind: str, copy: Path) -> list[str]:
    file = Path("tests", "unit", "tools", "pipelines", f"test_{kind}.py")
    return [str(file)] if (copy / file).exists() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
