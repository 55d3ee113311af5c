"""What befalls the town. Each fault ends within its function: afterwards all is as it was, but for what it broke."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import psycopg

from benchmarks.chaos.town import Town

EARLIER, LATER = timedelta(minutes=-10), timedelta(minutes=3)


def kill_a_worker(town: Town) -> None:
    """Kill −9 a worker and start another. Every worker plans, so it was a scheduler, too."""
    town.kill(town.workers[:1])
    town.work(1)


def kill_all_workers(town: Town) -> None:
    """Kill −9 all workers, and with them every scheduler; start as many a little later."""
    town.kill([*town.workers])
    time.sleep(3)
    town.work()


def kill_postgres(town: Town) -> None:
    """Kill −9 the postmaster, and start Postgres again."""
    os.kill(_postmaster(town), signal.SIGKILL)
    town.cluster.ensure()


def stop_postgres(town: Town) -> None:
    """Stop Postgres, and start it again a while later: 20 seconds in the long form."""
    town.cluster.stop()
    time.sleep(town.form.stopped_s)
    town.cluster.ensure()


def cut_the_pool(town: Town) -> None:
    """End every session of both databases on the server's side."""
    with town.connect() as admin:
        others = "from pg_stat_activity where pid <> pg_backend_pid() and datname is not null"
        admin.execute(f"select pg_terminate_backend(pid) {others}")


def fill_the_pool(town: Town) -> None:
    """Take every connection that the server still gives, and keep them for a while."""
    held = []
    with suppress(psycopg.OperationalError):
        while True:
            held.append(town.connect("postgres"))
    time.sleep(town.form.hangs_s)
    for each in held:
        each.close()


def mlflow_hangs(town: Town) -> None:
    """Let MLflow's sessions stop where they are: whoever asked it gets no answer, and no error either."""
    with town.connect() as admin:
        rows = admin.execute("select pid from pg_stat_activity where datname = 'mlflow'").fetchall()
    stopped = [int(str(row[0])) for row in rows]
    for pid in stopped:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    time.sleep(town.form.hangs_s)
    for pid in stopped:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def prometheus_hangs(town: Town) -> None:
    """Let Prometheus take questions and answer none."""
    town.prometheus.open.clear()
    time.sleep(town.form.hangs_s)
    town.prometheus.open.set()


def earlier_clock(town: Town) -> None:
    """Restart the workers under an earlier --now, let them work, and restart them under the time it is."""
    _restarted(town, EARLIER)
    time.sleep(town.form.hangs_s)
    _restarted(town, timedelta(0))


def later_clock(town: Town) -> None:
    """Restart the workers under a later --now, and let it stay: what was decided then has been decided."""
    town.ahead += LATER
    _restarted(town, timedelta(0))


def restart_everything(town: Town) -> None:
    """Kill −9 the workers and Postgres together, and start them again."""
    town.kill([*town.workers])
    os.kill(_postmaster(town), signal.SIGKILL)
    town.cluster.ensure()
    town.work()


FAULTS: tuple[Callable[[Town], None], ...] = (
    kill_a_worker,
    kill_postgres,
    cut_the_pool,
    fill_the_pool,
    mlflow_hangs,
    prometheus_hangs,
    kill_all_workers,
    stop_postgres,
    earlier_clock,
    later_clock,
    restart_everything,
)


def _restarted(town: Town, off: timedelta) -> None:
    town.kill([*town.workers])
    town.work(off=off)


def _postmaster(town: Town) -> int:
    return int((town.cluster.home / "data" / "postmaster.pid").read_text().split()[0])
