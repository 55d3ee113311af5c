"""What the fleet costs: CPU seconds of this process and of its Postgres, which does part of the work."""

import os
import resource
from pathlib import Path

from benchmarks.fleet.world import World, cluster
from checkpoints.embedded.cluster import EmbeddedPostgres

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(fleet: World) -> float:
    """Return the CPU seconds so far, of this process, its children that ended, and every process of its database."""
    return _used_s(resource.RUSAGE_SELF) + children_cpu_s() + database_cpu_s(fleet)


def children_cpu_s() -> float:
    """Return those of this process's children that ended."""
    return _used_s(resource.RUSAGE_CHILDREN)


def database_cpu_s(fleet: World) -> float:
    """Return those of the fleet's database alone."""
    return postgres_cpu_s(cluster(fleet))


def postgres_cpu_s(server: EmbeddedPostgres) -> float:
    """Return those of a Postgres; backends that ended are counted by who started them."""
    postmaster = int((server.home / "data" / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for found in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(found)
        if fields and (found.parent.name == str(postmaster) or fields[1] == str(postmaster)):
            ended = fields[13:15] if found.parent.name == str(postmaster) else []
            ticks += sum(map(int, [*fields[11:13], *ended]))
    return ticks / _TICKS


def _used_s(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _fields(stat: Path) -> list[str]:
    """Return what follows the name of a process: state, parent, …; nothing once it has ended."""
    try:
        return stat.read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
