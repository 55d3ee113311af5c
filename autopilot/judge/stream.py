"""What the policy has been shown of one stream: rows, labels as they came, scores of any version, and its questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from autopilot.judge.pipe import Pipe
from autopilot.judge.rows import read
from autopilot.judge.start import Start
from graph.model import Json

Floats = NDArray[np.float64]
UNKNOWN = -1


@dataclass(slots=True)
class Tick:
    """One tick's rows, as served by one version; `label` is 0, 1 or UNKNOWN."""

    number: int
    rows: pa.Table
    served_by: str
    label: NDArray[np.int8]
    revision: int = 0
    """Grows with every part of its labels."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return which rows are labelled."""
        known: NDArray[np.bool_] = self.label != UNKNOWN
        return known

    def column(self, name: str) -> Floats:
        """Return a column of numbers."""
        values: Floats = self.rows.column(name).to_numpy().astype(np.float64)
        return values


@dataclass(slots=True)
class Stream:
    """The memory of one stream."""

    start: Start
    pipe: Pipe
    champion: str
    ticks: list[Tick] = field(default_factory=list)
    _scores: dict[tuple[str, int], Floats] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Return the present tick."""
        return self.ticks[-1].number

    def take(self, message: Json) -> None:
        """Take in a tick's rows and the labels that came with it. Raises Misconfigured when they do not fit."""
        number = int(message["t"])
        if number != len(self.ticks):
            raise self.pipe.wrong(
                f"is tick {number} where {len(self.ticks)} was due", "ticks count from 0 without gaps"
            )
        rows = self._read(message["rows"], ("row", "score"))
        self.ticks.append(Tick(number, rows, self.champion, np.full(len(rows), UNKNOWN, np.int8)))
        for part in message.get("labels", ()):
            self._label(int(part["t"]), read(part["rows"], (), frozenset(), ("row", "label")))

    def scores(self, version: str, ticks: Sequence[int]) -> list[Floats]:
        """Return a version's scores per tick, asked of the world where another version served."""
        asked = [
            number
            for number in ticks
            if self.ticks[number].served_by != version and (version, number) not in self._scores
        ]
        if asked:
            self._score(version, asked)
        return [
            self.ticks[number].column("score")
            if self.ticks[number].served_by == version
            else self._scores[version, number]
            for number in ticks
        ]

    def train(self, name: str, ticks: Sequence[int], reference: bool) -> None:
        """Have the world fit a candidate."""
        self.pipe.send({"type": "train", "id": name, "ticks": list(ticks), "reference": reference})
        answer = self.pipe.receive("trained")
        if answer.get("id") != name:
            raise self.pipe.wrong(f"answers for {answer.get('id')!r}, asked was {name!r}", "answer in the order asked")

    def labelled(self, number: int) -> bool:
        """Tell whether any row of the tick has its label."""
        return bool(self.ticks[number].known.any())

    def _score(self, version: str, ticks: list[int]) -> None:
        self.pipe.send({"type": "score", "model": version, "ticks": ticks})
        scored = self._read(self.pipe.receive("scored")["rows"], ("t", "row", "score"), features=False)
        values, at = scored.column("score").to_numpy(), 0
        for number in ticks:
            size = len(self.ticks[number].rows)
            self._scores[version, number] = values[at : at + size].astype(np.float64)
            at += size
        if at != len(values):
            raise self.pipe.wrong(f"brings {len(values)} scores where {at} were asked for", "one score for each row")

    def _read(self, path: str, columns: tuple[str, ...], features: bool = True) -> pa.Table:
        return read(path, self.start.features if features else (), self.start.categorical, columns)

    def _label(self, number: int, part: pa.Table) -> None:
        if not 0 <= number < len(self.ticks):
            raise self.pipe.wrong(f"labels tick {number}, which has not been", "label ticks already sent")
        if not len(part):
            return
        tick = self.ticks[number]
        ids = tick.rows.column("row").to_numpy()
        order = np.argsort(ids, kind="stable")
        wanted = part.column("row").to_numpy()
        place = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
        if not (ids[order][place] == wanted).all():
            raise self.pipe.wrong(f"labels rows that tick {number} does not have", "label rows by their id")
        tick.label[order[place]] = part.column("label").to_numpy().astype(np.int8)
        tick.revision += 1
