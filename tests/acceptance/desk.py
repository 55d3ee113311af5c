"""Where a test sits: a home with its configuration, and the command line in front of it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance import nursery

ROOT = Path(__file__).resolve().parents[2]
FORGE = Path(__file__).with_name("forge.py")
COMMAND_LINE = "autopilot.__main__"


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error in the document."""
        return self.document["error"]


@dataclass(frozen=True)
class Forge:
    """The process that the commands are forked from."""

    process: "subprocess.Popen[str]"
    folder: Path
    """Of its `nursery`."""

    def run(
        self, module: str, argv: tuple[str, ...], environment: Mapping[str, str], cwd: Path, python: str = ""
    ) -> Said:
        asked = {"module": module, "argv": argv, "environment": dict(environment), "cwd": str(cwd), "python": python}
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(asked) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BaseException:
            # Its late answer would be taken for that of the next command.
            self.process.kill()
            raise
        assert answer, "the forge is gone"
        return Said(**json.loads(answer))


@contextmanager
def forging() -> Iterator[Forge]:
    """Yield a forge for as long as this lasts."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="ap-") as folder,
        subprocess.Popen(
            [sys.executable, "-P", str(FORGE), folder],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
    ):
        yield Forge(process, Path(folder))
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True)
class Desk:
    """A home, a configuration, and an environment in which commands are typed."""

    forge: Forge
    home: Path
    folder: Path
    """Where the configuration lies; paths in it are relative to this."""
    environment: dict[str, str] = field(default_factory=dict)
    python: str = ""
    """What the product takes for its interpreter, if another than there is."""

    @property
    def config(self) -> Path:
        return self.folder / "autopilot.yaml"

    def with_environment(self, **variables: str) -> "Desk":
        """Return the same desk, typed at with more variables."""
        return replace(self, environment={**self.environment, **variables})

    def with_forked_children(self) -> "Desk":
        """Return the same desk, whose trainings and evaluations are forks too."""
        return replace(self, python=str(self.forge.folder / nursery.PYTHON))

    def write(self, document: Mapping[str, Any], file: Path | None = None) -> None:
        """Write the configuration, or another one."""
        (file or self.config).write_text(yaml.safe_dump(dict(document), sort_keys=False))

    def read(self) -> Any:
        """Return the configuration."""
        return yaml.safe_load(self.config.read_text())

    def type(self, *words: str) -> Said:
        """Run `autopilot WORDS…`."""
        return self.call(COMMAND_LINE, *words)

    def ask(self, *words: str, code: int = 0) -> Any:
        """Run `autopilot WORDS… --json`, which must end with this code; return its document."""
        said = self.type(*words, "--json")
        assert said.code == code, f"{words}: code {said.code}\n{said.out}\n{said.err}"
        return said.document

    def call(self, module: str, *argv: str) -> Said:
        """Run the `main` of another module in a process of its own."""
        return self.forge.run(module, argv, self.variables(), self.folder, self.python)

    def in_a_shell(self, *words: str, timeout: float = 100) -> Said:
        """Run `python -P -m autopilot WORDS…` as a process from scratch."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "autopilot", *words],
            env={**self.variables(), "PYTHONPATH": str(ROOT)},
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def variables(self) -> dict[str, str]:
        """Return the environment of a typed command."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "OMP_NUM_THREADS": "1",
            "AUTOPILOT_HOME": str(self.home),
            **self.environment,
        }
