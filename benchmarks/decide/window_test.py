"""The test of ADWIN (Bifet and Gavaldà, 2007) on a window of ticks: all cuts between ticks, no compression."""

import numpy as np

CONFIDENCE = 0.002


class WindowTest:
    """Errors of ticks; the older part of the window is dropped when the newer one differs."""

    def __init__(self) -> None:
        self._wrong: list[float] = []
        self._rows: list[float] = []

    @property
    def length(self) -> int:
        """The number of ticks in the window."""
        return len(self._rows)

    def add(self, wrong: float, rows: float) -> bool:
        """Take in a tick with `rows` rows; whether a cut was found after which errors are more frequent."""
        self._wrong.append(wrong)
        self._rows.append(rows)
        cut = self._cut()
        if cut is None:
            return False
        before = sum(self._wrong[:cut]) / sum(self._rows[:cut])
        self._wrong, self._rows = self._wrong[cut:], self._rows[cut:]
        return sum(self._wrong) / sum(self._rows) > before

    def _cut(self) -> int | None:
        """Return where the two parts differ the most beyond what chance allows, or None."""
        if len(self._rows) < 2:
            return None
        wrong, rows = np.cumsum(self._wrong), np.cumsum(self._rows)
        n0, n1 = rows[:-1], rows[-1] - rows[:-1]
        apart = np.abs(wrong[:-1] / n0 - (wrong[-1] - wrong[:-1]) / n1)
        harmonic = 1 / (1 / n0 + 1 / n1)
        log = np.log(2 * np.log(rows[-1]) / CONFIDENCE)
        variance = wrong[-1] / rows[-1] * (1 - wrong[-1] / rows[-1])
        beyond = apart - np.sqrt(2 / harmonic * variance * log) - 2 / (3 * harmonic) * log
        return int(np.argmax(beyond)) + 1 if beyond.max() > 0 else None
