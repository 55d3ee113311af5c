"""A world for the judge, in this process: a logistic truth, a model of a few Newton steps, and what goes wrong."""

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, WIDTH, DELAY = 400, 5, 3
WEIGHTS = np.array([1.2, -1.0, 0.8, 0.6, -0.7])
Spoil = Callable[[int, np.ndarray, np.ndarray], None]


def nothing(tick: int, x: np.ndarray, y: np.ndarray) -> None:
    """Leave the rows as they are."""


class World:
    """Both ends of the pipe: what the policy writes is answered at once, and `readline` hands the answers out."""

    def __init__(
        self,
        folder: Path,
        ticks: int,
        spoil: Spoil = nothing,
        turn: int | None = None,
        answers: bool | None = None,
        champion: str = "v0",
    ) -> None:
        self.folder, self.ticks, self.spoil, self.turn, self.real = folder, ticks, spoil, turn, answers
        self.random = np.random.default_rng(5)
        self.said: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.models: dict[str, np.ndarray] = {}
        self.x: list[np.ndarray] = []
        self.y: list[np.ndarray] = []
        self.champion, self.files = champion, 0
        self.due: list[tuple[int, str]] = []
        self.lines: deque[str] = deque()
        self._start()

    # --- the two ends ---------------------------------------------------------------------------------------------

    def readline(self) -> str:
        return self.lines.popleft() + "\n" if self.lines else ""

    def write(self, text: str) -> None:
        message = json.loads(text)
        getattr(self, f"_{message['type']}")(message)

    def flush(self) -> None:
        """Everything is answered already."""

    # --- the world ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        seen, held = self._draw(4000), self._draw(2400)
        name = self.champion
        self.models[name] = _fit(*seen)
        features = [{"name": f"f{at}", "kind": "numeric"} for at in range(WIDTH)]
        self._send(
            type="start",
            version=1,
            reference=self._rows(seen[0], label=seen[1].astype(float), score=self._p(name, seen[0]), t=_t(4000)),
            holdout=self._rows(held[0], label=held[1].astype(float), score=self._p(name, held[0]), t=_t(2400)),
            features=features,
            label_delay=DELAY,
            rows_per_tick=ROWS,
            horizon=30,
            prices={"train": 10, "promote": 60, "alert": 20},
            threshold=0.5,
            champion=self.champion,
        )
        self._next()

    def _next(self) -> None:
        t = len(self.x)
        if t == self.ticks:
            self._send(type="end")
            return
        x, y = self._draw(ROWS, self.turn is not None and t >= self.turn)
        self.spoil(t, x, y)
        self.x.append(x)
        self.y.append(y)
        old = t - DELAY
        labels = [{"t": old, "rows": self._table(row=_ids(old), label=self.y[old].astype(float))}] if old >= 0 else []
        answers = [{"kind": kind, "asked": at, "real": self.real} for at, kind in self.due if at + 3 == t]
        rows = self._rows(x, row=_ids(t), score=self._p(self.champion, x))
        self._send(type="tick", t=t, rows=rows, labels=labels, answers=answers)

    def _train(self, message: dict[str, Any]) -> None:
        self.said.append({"t": len(self.x) - 1, **message})
        x, y = (np.concatenate([each[t] for t in message["ticks"]]) for each in (self.x, self.y))
        self.models[message["id"]] = _fit(x, y)
        self._send(type="trained", id=message["id"])

    def _score(self, message: dict[str, Any]) -> None:
        x = np.concatenate([self.x[t] for t in message["ticks"]])
        row = np.concatenate([_ids(t) for t in message["ticks"]])
        rows = self._table(t=row // ROWS, row=row, score=self._p(message["model"], x))
        self._send(type="scored", model=message["model"], rows=rows)

    def _promote(self, message: dict[str, Any]) -> None:
        self.said.append({"t": len(self.x) - 1, **message})
        self.champion = message["model"]

    def _alert(self, message: dict[str, Any]) -> None:
        self.said.append({"t": len(self.x) - 1, **message})
        if self.real is not None:
            self.due.append((len(self.x) - 1, message["kind"]))

    def _done(self, message: dict[str, Any]) -> None:
        self.records.append(message["record"])
        self._next()

    def _draw(self, rows: int, turned: bool = False) -> tuple[np.ndarray, np.ndarray]:
        common = self.random.normal(size=(rows, 1))
        x = 1.6 * common * np.arange(1, WIDTH + 1) / WIDTH + self.random.normal(size=(rows, WIDTH))
        # Positive numbers of one size: a unit can be told from them.
        x[:, 0] = np.exp(0.4 * x[:, 0] + 3)
        weights = WEIGHTS * np.array([1, -1, 1, -1, 1]) if turned else WEIGHTS
        p = 1 / (1 + np.exp(-_design(x)[:, 1:] @ weights))
        return x, (self.random.random(rows) < p).astype(np.int8)

    def _p(self, model: str, x: np.ndarray) -> np.ndarray:
        p: np.ndarray = 1 / (1 + np.exp(-_design(x) @ self.models[model]))
        return p

    def _rows(self, x: np.ndarray, **more: np.ndarray) -> str:
        return self._table(**{f"f{at}": x[:, at] for at in range(WIDTH)}, **more)

    def _table(self, **columns: np.ndarray) -> str:
        self.files += 1
        path = self.folder / f"{self.files}.parquet"
        pq.write_table(pa.table(columns), path)
        return str(path)

    def _send(self, **message: object) -> None:
        self.lines.append(json.dumps(message))


def _t(rows: int) -> np.ndarray:
    return -1 - np.arange(rows) // ROWS


def _ids(tick: int) -> np.ndarray:
    return np.arange(ROWS) + ROWS * tick


def _design(x: np.ndarray) -> np.ndarray:
    z = x.copy()
    z[:, 0] = (np.log(np.maximum(x[:, 0], 1e-9)) - 3) / 0.4
    return np.column_stack([np.ones(len(x)), z])


def _fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    design, weights = _design(x), np.zeros(WIDTH + 1)
    for _ in range(12):
        p = 1 / (1 + np.exp(-design @ weights))
        gram = design.T @ (design * (p * (1 - p))[:, None]) + 1e-3 * np.eye(WIDTH + 1)
        weights += np.linalg.solve(gram, design.T @ (y - p) - 1e-3 * weights)
    return weights
