"""The peers' own environments: made once, with the versions that work together, and kept."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drift.processes import ROOT

FOLDER = ROOT / ".autopilot" / "bench"


@dataclass(frozen=True, slots=True)
class Peer:
    """A known monitor: its side of the benchmark, and what to install."""

    name: str
    packages: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Return its interpreter, which need not exist."""
        return FOLDER / self.name / "bin" / "python"

    @property
    def installed(self) -> bool:
        """Tell whether its environment was made to the end."""
        return (FOLDER / self.name / "complete").exists()

    def command(self, folder: Path) -> list[str]:
        """Return the command that measures the days in a folder."""
        return [str(self.python), "-m", f"benchmarks.drift.{self.name}_side", str(folder)]


# Neither says that it cannot do with pandas 3, nor NannyML that it needs statsmodels.
PEERS = (
    Peer("nannyml", ("nannyml==0.13.1", "statsmodels", "pandas<3")),
    Peer("evidently", ("evidently==0.7.23", "pandas<3")),
)


def install(peer: Peer) -> None:
    """Make a peer's environment, some minutes and 1 to 2 GB. SystemExit where that fails."""
    if peer.installed:
        return
    print(f"installing {', '.join(peer.packages)} in {FOLDER / peer.name} …", flush=True)
    uv = str(Path(sys.executable).with_name("uv"))
    where = FOLDER / peer.name
    # The machine's own certificates: behind a company's proxy the ones that uv brings are not enough.
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(where)],
        [uv, "--system-certs", "pip", "install", "--quiet", "--python", str(peer.python), *peer.packages],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{peer.name} cannot be installed: {done.stderr[-1000:]}")
    (where / "complete").touch()
