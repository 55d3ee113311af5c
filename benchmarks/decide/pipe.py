"""A policy in a process of its own: JSON lines on its stdin and stdout, rows in Parquet files."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decide.stream import Past
from benchmarks.decide.tables import Column, FloatArray
from benchmarks.decide.world import Misuse, Shown, World

SECONDS = 30.0
HORIZON = 30


class PolicyFailed(Exception):
    """The policy's process died, said something else than the protocol allows, or took too long."""


def play(world: World, command: list[str]) -> list[dict[str, Any]]:
    """Run one policy through a whole stream; return its decision records, one a tick."""
    with tempfile.TemporaryDirectory(prefix="decide-") as folder, _process(command, Path(folder)) as process:
        talk = Talk(world, process, Path(folder))
        try:
            return talk.through()
        except (PolicyFailed, Misuse) as error:
            said = (Path(folder) / "stderr").read_text(errors="replace")[-2000:]
            raise PolicyFailed(f"{world.stream.name}, tick {world.t}: {error}\n{said}") from error


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start the policy; whatever happens, it is gone afterwards."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # what it never read is still in our buffer
                if end:
                    end.close()


class Talk:
    """One stream's conversation."""

    def __init__(self, world: World, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._world, self._process, self._files = world, process, Files(folder, world.stream.columns)

    def through(self) -> list[dict[str, Any]]:
        """Play all ticks and wait for the policy to leave."""
        self._send(self._start())
        records = [self._tick(self._world.tick()) for _ in self._world.stream.ticks]
        self._send({"type": "end"})
        said, _ = self._process.communicate(timeout=SECONDS)
        if said or self._process.returncode:
            raise PolicyFailed(f"after the end: exit code {self._process.returncode}, said {said[:200]!r}")
        return records

    def _start(self) -> dict[str, Any]:
        stream = self._world.stream
        return {
            "type": "start",
            "version": 1,
            "reference": self._past("reference", stream.reference),
            "holdout": self._past("holdout", stream.holdout),
            "features": [
                {"name": c.name, "kind": "categorical" if c.categorical else "numeric"} for c in stream.columns
            ],
            "label_delay": stream.plan.delay,
            "rows_per_tick": stream.setting.rows,
            "horizon": HORIZON,
            "prices": stream.setting.price,
            "threshold": 0.5,
            "champion": self._world.champion,
        }

    def _past(self, name: str, past: Past) -> str:
        score = self._world.stream.model(self._world.stream.CHAMPION).score(past.x)
        return self._files.features(name, past.x, {"score": score, "label": past.y, "t": past.t})

    def _tick(self, shown: Shown) -> dict[str, Any]:
        t = shown.t
        rows = self._files.features(f"rows-{t}", shown.x, {"row": shown.row, "score": shown.score})
        labels = [
            {"t": part.t, "rows": self._files.write(f"labels-{t}-{part.t}", {"row": part.row, "label": part.label})}
            for part in shown.labels
        ]
        answers = [{"kind": a.kind, "asked": a.asked, "real": a.real} for a in shown.answers]
        self._send({"type": "tick", "t": t, "rows": rows, "labels": labels, "answers": answers})
        for said in self._heard():
            if said.get("type") == "done":
                return dict(said.get("record") or {})
            self._do(said)
        raise PolicyFailed("no more lines")

    def _do(self, said: dict[str, Any]) -> None:
        match said:
            case {"ticks": list(ticks)} if not all(type(t) is int for t in ticks):
                raise PolicyFailed(f"ticks are whole numbers: {json.dumps(said)[:200]}")
            case {"type": "train", "id": str(model), "ticks": list(ticks)}:
                self._world.train(model, ticks, bool(said.get("reference", False)))
                self._send({"type": "trained", "id": model})
            case {"type": "score", "model": str(model), "ticks": list(ticks)}:
                parts = self._world.score(model, ticks)
                columns = {
                    "t": np.concatenate([np.full(len(row), t) for t, row, _ in parts] or [np.empty(0, np.int64)]),
                    "row": np.concatenate([row for _, row, _ in parts] or [np.empty(0, np.int64)]),
                    "score": np.concatenate([score for _, _, score in parts] or [np.empty(0)]),
                }
                self._send({"type": "scored", "model": model, "rows": self._files.write(None, columns)})
            case {"type": "promote", "model": str(model)}:
                self._world.promote(model)
            case {"type": "alert", "kind": "data" | "label" as kind}:
                self._world.alert(kind)
            case _:
                raise PolicyFailed(f"not in the protocol: {json.dumps(said)[:200]}")

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise PolicyFailed("the process has gone") from error

    def _heard(self) -> Iterator[dict[str, Any]]:
        """Yield what the policy says, each line within the time allowed."""
        assert self._process.stdout is not None  # noqa: S101
        while True:
            watch = threading.Timer(SECONDS, self._process.kill)
            watch.start()
            line = self._process.stdout.readline()
            watch.cancel()
            try:
                said = json.loads(line)
            except ValueError as error:
                raise PolicyFailed(f"not a line of JSON (or longer than {SECONDS:g} s): {line[:200]!r}") from error
            yield said


class Files:
    """Parquet files in one folder; they live until the stream ends."""

    def __init__(self, folder: Path, columns: tuple[Column, ...]) -> None:
        self._folder, self._columns, self._count = folder, columns, 0

    def features(self, name: str, x: FloatArray, beside: dict[str, Any]) -> str:
        """Write features in their own types, and what stands beside them; return the path."""
        import pyarrow as pa

        arrays = {}
        for at, column in enumerate(self._columns):
            values = x[:, at]
            if column.categorical:
                names = [*column.values, *(f"new {value}" for value in column.values)]
                codes = pa.array(np.nan_to_num(values).astype(np.int32), mask=np.isnan(values))
                arrays[column.name] = pa.DictionaryArray.from_arrays(codes, names).cast(pa.string())
            else:
                arrays[column.name] = pa.array(values, pa.float64(), from_pandas=True)
        return self.write(name, {k: v for k, v in beside.items() if k == "row"} | arrays | beside)

    def write(self, name: str | None, columns: dict[str, Any]) -> str:
        """Write columns; return the path."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._count += 1
        path = self._folder / f"{name or f'scores-{self._count}'}.parquet"
        pq.write_table(pa.table(columns), path, compression="none", use_dictionary=False, write_statistics=False)
        return str(path)
