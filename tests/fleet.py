"""A fleet over a house: several models on one schedule, each with its own monitor, and workers turned by hand."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from autopilot import spec as written
from autopilot.bootstrap import Office
from autopilot.capabilities import ALL, Capability
from autopilot.desk import Desk
from autopilot.engine import Engine
from autopilot.fleet.planner import plan
from autopilot.fleet.queues import served
from autopilot.fleet.tasks import add_tasks
from autopilot.fleet.worker import work_off
from checkpoints.queue.app import application
from graph.model import Json
from graph.ports import Deps, Monitor
from tests.house import MODEL, FakeMonitor, House
from tests.serving import FILE


@dataclass
class Fleet:
    """Some models of a house, looked after by workers."""

    home: House
    config: Path
    monitors: dict[str, Monitor] = field(default_factory=dict)
    """What watches a model, where that is not the house's own monitor."""
    broken: list[Exception] = field(default_factory=list)
    cut_off: list[None] = field(default_factory=list)

    def parts(self, name: str) -> Deps:
        found = self.home.parts(name)
        return replace(found, monitor=self.monitors.get(name, found.monitor))

    def desk(self, can: Iterable[Capability] = ALL) -> Desk:
        """Return the desk of a process that may do this."""
        one = self.home.engine
        engine = Engine(one._book, self.parts, one._clock, one._threads, one._traced, one._workspace, frozenset(can))

        def under(file: written.File) -> Office:
            return Office(engine, self.home.book, file, self.parts, {}, under, self.home.dsn)

        return Desk(self.config, self.home.clock, {}, under(written.read(self.config)))

    def plan(self) -> int:
        """Put into the queue what is due; return how many jobs."""
        return plan(self.desk())

    def work(self, can: Iterable[Capability] = ALL, jobs: int = 2) -> None:
        """Let a worker do what is in its queues by now, and what comes of it, and end."""
        app = application(self.home.dsn)
        add_tasks(app, self.desk(can), self.broken.append, lambda: self.cut_off.append(None))
        # Whoever tests says when is planned and swept: else each twenty seconds somebody would in the middle of it.
        app.periodic_registry.periodic_tasks.clear()
        while self._wait_for(served(can)):
            asyncio.run(work_off(app, served(can), jobs, wait=False))

    def _wait_for(self, queues: list[str]) -> bool:
        return any(row["waiting"] for row in self.home.book.queue.lag() if row["queue"] in queues)

    def checked(self) -> dict[str, int]:
        """Count the decisions of each model that has any."""
        rows = self.home.book.runs.recent(None, 1000)
        names = [row["model"] for row in rows if row["action"] is not None]
        return {name: names.count(name) for name in names}

    def jobs(self, task: str) -> list[Json]:
        """Return the jobs of a kind that wait or are done: queue and args."""
        return [row for row in self.home.book.queue.standing() if row["task"] == task]


def fleet_file(names: Iterable[str], schedule: str = "0 * * * *") -> str:
    """Return a configuration with these models beside the house's own, all on one schedule."""
    head, _, entry = FILE.partition("models:\n")
    entries = [entry.replace(f"  {MODEL}:", f"  {name}:") for name in (MODEL, *names)]
    return f'{head}defaults: {{schedule: "{schedule}"}}\nmodels:\n{"".join(entries)}'


def fleet(home: House, folder: Path, *names: str) -> Fleet:
    """Return a fleet of the house's model and these."""
    config = folder / "autopilot.yaml"
    config.write_text(fleet_file(names))
    return Fleet(home, config)


class Troubled(FakeMonitor):
    """A monitor that does something else before it measures, as long as `trouble` is set."""

    def __init__(self, trouble: Callable[[], None]) -> None:
        super().__init__()
        self.trouble: Callable[[], None] | None = trouble

    def measure(self, champion, now):
        if self.trouble:
            self.trouble()
        return super().measure(champion, now)


def raising(error: Exception) -> Callable[[], None]:
    """Return what raises this."""

    def trouble() -> None:
        raise error

    return trouble
