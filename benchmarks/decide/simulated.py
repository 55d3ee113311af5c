"""Two tables that need no data: correlated columns of several shapes, whose true log odds are known."""

import numpy as np

from benchmarks.decide.tables import Column, FloatArray, IntArray, Table

ROWS = 30_000


def payments() -> Table:
    """Twelve numeric columns of many shapes and three categorical ones of 4, 12 and 40 values; nulls in two columns."""
    random = np.random.default_rng(11)
    z = _correlated(random, 12, 0.35)
    channel, country, merchant = (_categories(random, z[:, at], size) for at, size in ((0, 4), (1, 12), (2, 40)))
    columns = {
        "amount": np.exp(1.1 * z[:, 0] + 3),
        "balance": np.exp(0.8 * z[:, 1] + 6) - 150,
        "age": np.clip(np.round(42 + 13 * z[:, 2]), 18, 95),
        "logins": np.floor(np.exp(0.7 * z[:, 3] + 0.8)),
        "refunds": np.where(z[:, 4] > 0.8, np.exp(z[:, 4]), 0.0),
        "tenure": 10 / (1 + np.exp(-1.6 * z[:, 5])),
        "distance": np.abs(z[:, 6]) ** 2.5 * 40,
        "velocity": np.where(z[:, 7] > 0, 3 + 0.8 * z[:, 7], -2 + z[:, 7]),
        "hour": _hours(z[:, 8]),
        "device_score": z[:, 9] + 0.3 * z[:, 0],
        "limit": np.round(np.exp(0.5 * z[:, 10] + 0.4 * z[:, 1] + 7) / 50) * 50,
        "noise": z[:, 11],
    }
    effect = [random.normal(0, spread, size) for spread, size in ((1.0, 4), (0.5, 12), (0.6, 40))]
    evening = np.cos((columns["hour"] - 21) / 24 * 2 * np.pi)
    logit = (
        1.2 * np.maximum(z[:, 0], -1) + 1.0 * z[:, 9] - 1.3 * np.tanh(1.5 * z[:, 5]) + 1.0 * evening
        + 0.8 * z[:, 3] * (z[:, 6] > 0) + 0.7 * (z[:, 4] > 0.8)
        + effect[0][channel] + effect[1][country] + effect[2][merchant]
    )  # fmt: skip
    categorical = {"channel": channel, "country": country, "merchant": merchant}
    return _table(random, "payments", columns, categorical, 1.2 * (logit - 1.2), {"tenure": 0.04, "device_score": 0.08})


def machines() -> Table:
    """Sixteen strongly correlated sensors and one categorical column; one in five rows is a failure."""
    random = np.random.default_rng(12)
    z = _correlated(random, 16, 0.6)
    line = _categories(random, z[:, 15], 7)
    shapes = [np.exp, np.tanh, np.square, np.cbrt, np.abs, np.sinh, np.floor]
    columns = {f"sensor_{at}": 5 + 2 * z[:, at] for at in range(8)}
    columns |= {f"sensor_{at}": shapes[at - 8](z[:, at]) for at in range(8, 15)}
    columns["hour"] = _hours(z[:, 15])
    effect = random.normal(0, 0.9, 7)
    night = np.sin(columns["hour"] / 24 * 2 * np.pi)
    logit = (
        1.3 * z[:, 0]
        - 1.2 * z[:, 3]
        + 1.0 * np.abs(z[:, 5])
        + 1.0 * z[:, 8] * (z[:, 2] > 0)
        + 0.8 * night
        + effect[line]
    )
    return _table(random, "machines", columns, {"line": line}, 1.4 * (logit - 1.8), {"sensor_4": 0.05})


def _correlated(random: np.random.Generator, width: int, strength: float) -> FloatArray:
    """Standard normal columns with one common factor and a chain between neighbours."""
    z = random.normal(size=(ROWS, width))
    z = z + strength * random.normal(size=(ROWS, 1)) + strength * np.roll(z, 1, axis=1)
    return np.asarray((z - z.mean(0)) / z.std(0))


def _categories(random: np.random.Generator, z: FloatArray, size: int) -> IntArray:
    """Codes 0 to size - 1, frequent ones first, leaning on `z`."""
    share = 1 / np.arange(1, size + 1) ** 0.9
    place = np.argsort(np.argsort(0.6 * z + random.normal(size=len(z)))) / len(z)
    codes = np.searchsorted(np.cumsum(share / share.sum()), place, side="right")
    return np.minimum(codes, size - 1).astype(np.int64)


def _hours(z: FloatArray) -> FloatArray:
    return np.asarray(np.floor((14 + 5 * z) % 24))


def _table(
    random: np.random.Generator,
    name: str,
    numeric: dict[str, FloatArray],
    categorical: dict[str, IntArray],
    logit: FloatArray,
    nulls: dict[str, float],
) -> Table:
    for column, share in nulls.items():
        numeric[column] = np.where(random.random(ROWS) < share, np.nan, numeric[column])
    columns = [Column(column, period=24.0 if column == "hour" else None) for column in numeric]
    columns += [Column(c, tuple(f"{c[0]}{k}" for k in range(int(v.max()) + 1))) for c, v in categorical.items()]
    x = np.column_stack([*numeric.values(), *categorical.values()]).astype(float)
    y = (random.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    return Table(name, tuple(columns), x, y, logit, np.arange(ROWS) // 300)
