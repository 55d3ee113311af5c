"""ADWIN's test on ticks."""

import numpy as np

from benchmarks.decide.window_test import WindowTest


def alarms(rates):
    random, test = np.random.default_rng(0), WindowTest()
    return [t for t, rate in enumerate(rates) if test.add(random.binomial(400, rate), 400.0)], test


def test_more_errors_raise_an_alarm_and_leave_the_new_part():
    found, test = alarms([0.1] * 30 + [0.3] * 5)
    assert found[0] in (30, 31)
    assert test.length <= 6


def test_an_even_rate_and_fewer_errors_raise_none():
    assert alarms([0.1] * 100)[0] == []
    assert alarms([0.3] * 30 + [0.1] * 10)[0] == []
