"""A prediction log in files, as its owner writes it and as it is looked over; what a log in a table shares with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from graph.ports import Monitor
from tools.log_part import LogPart
from tools.plugins import Finding, MonitorPlugin, MonitorSite

if TYPE_CHECKING:
    from tools.monitors.glance import Glance
    from tools.monitors.prediction_log import LabelSource, PredictionLog

_LATE = 3
"""Windows without a new row after which a log is no longer written."""


class PredictionFiles(LogPart):
    """A log in Parquet or CSV: files, globs, folders by date. Paths start where autopilot.yaml lies."""

    kind: Literal["predictions"]


def described(part: LogPart, site: MonitorSite, *, paths: bool) -> "PredictionLog":
    """Return the log. Its sources are paths, made absolute, or names as they are."""
    from tools.monitors.prediction_log import PredictionLog

    here = site.folder if paths else None
    sources = [part.source] if isinstance(part.source, str) else part.source
    return PredictionLog(
        model=site.model,
        source=tuple(str(here / source) if here else source for source in sources),
        id=part.id,
        timestamp=part.timestamp,
        version=part.version,
        prediction=part.prediction,
        positive=part.score.positive,
        threshold=part.score.threshold,
        features=tuple(part.features),
        labels=_labels(part, site, paths=paths),
        window=part.window,
        reference=(part.reference.start, part.reference.until),
        metric=site.metric,
        task=site.task,
    )


def _labels(part: LogPart, site: MonitorSite, *, paths: bool) -> "LabelSource | None":
    from tools.monitors.prediction_log import LabelSource

    given = part.labels
    if given is None:
        return None
    source = given.source or ""
    return LabelSource(
        source=str(site.folder / source) if source and paths else source,
        id=given.id or part.id or "",
        label=given.label,
        timestamp=given.timestamp,
        delay=given.delay,
    )


def make(part: PredictionFiles, site: MonitorSite) -> Monitor:
    """Return the monitor."""
    from tools.monitors.predictions import PredictionMonitor

    return PredictionMonitor(described(part, site, paths=True), site.store)


def examine(part: PredictionFiles, site: MonitorSite, now: datetime) -> Iterator[Finding]:
    """See whether the newest files have every column, and are still written."""
    from tools.monitors.glance import glance

    log = described(part, site, paths=True)
    seen = glance(log)
    files = "1 file" if seen.files == 1 else f"{seen.files} files"
    yield told(log, seen, now, f"{files}, every column as described")


def told(log: "PredictionLog", seen: "Glance", now: datetime, what: str) -> Finding:
    """Return what is to be said of a log of which so much was seen."""
    reached = f"{seen.newest:%Y-%m-%d %H:%M}Z" if seen.newest else "no time in any row"
    detail = f"{what}, newest row {reached}"
    if seen.newest is None or now - seen.newest > _LATE * max(log.window, timedelta(hours=1)):
        return Finding("warning", detail, "nothing new for several windows: is the log still written?")
    if not seen.scored:
        return Finding("warning", f"{detail}, no column {log.prediction}", "a model that serves must log its score")
    if seen.label_files == 0:
        return Finding("warning", f"{detail}, no label file yet", "check monitor.labels.source")
    return Finding("ok", detail)


MONITOR = MonitorPlugin(PredictionFiles, make, examine)
