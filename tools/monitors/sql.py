"""Monitor `sql`: a prediction log in a table of Postgres, measured by the same statistics as one in files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from graph.errors import Misconfigured
from graph.ports import WindowStore
from tools.monitors.database import Database
from tools.monitors.glance import Glance, try_columns, try_labels
from tools.monitors.log_source import Listed, Rows
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.predictions import PredictionMonitor
from tools.monitors.spans import moment
from tools.monitors.table_rows import TableRows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """Implements Source. The log's source, and that of its labels, are names of tables or views."""

    log: PredictionLog
    database: Database

    def look(self, read: Callable[[Rows, Listed], T]) -> T:
        """Return what `read` makes of the tables, in one read-only transaction that sees a single moment."""
        joined = self.log.joined_labels
        with self.database.look() as connection:
            rows = TableRows(connection, self.database, self.log)
            labels = (rows.whole(joined.source),) if joined else ()
            return read(rows, (tuple(rows.whole(table) for table in self.log.sources), labels))


class SqlMonitor(PredictionMonitor):
    """Implements port Monitor on tables: rows come from the database as they are asked for, and are not kept."""

    def __init__(self, log: PredictionLog, database: Database, store: WindowStore) -> None:
        if len(log.sources) != 1:
            raise Misconfigured(f"{log.model}: its monitor reads one table", "name one table, or a view over several")
        super().__init__(log, store, PredictionTable(log, database))


def glance_at_table(log: PredictionLog, database: Database) -> Glance:
    """Return how far a log in a table reaches. Misconfigured for a column that is missing or of no use."""
    return PredictionTable(log, database).look(lambda rows, listed: _glance(rows, listed, log))


def _glance(rows: Rows, listed: Listed, log: PredictionLog) -> Glance:
    (table,), labels = listed
    scored = log.prediction in rows.schema(table).names
    reach = rows.reach(listed[0], log.timestamp)
    try_columns(rows, table, log, scored)
    for each in labels:
        try_labels(rows, each, log)
    newest = moment(reach[1]) if reach else None
    return Glance(1, newest, scored, len(labels) if log.joined_labels else None)
