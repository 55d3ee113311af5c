"""The simulated payments: what a day's rows look like, and which of them are fraud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]
ConceptName = Literal["cards", "wallets", "takeovers"]
Traffic = Literal["usual", "hard"]

SEED = 31
ROWS_PER_DAY = 1500

# name: (share of payments, typical amount, typical distance in km)
MERCHANTS: Mapping[str, tuple[float, float, float]] = {
    "grocery": (0.23, 32.0, 5.0),
    "fashion": (0.18, 60.0, 14.0),
    "electronics": (0.14, 120.0, 18.0),
    "fuel": (0.12, 48.0, 16.0),
    "gaming": (0.11, 25.0, 10.0),
    "travel": (0.09, 160.0, 60.0),
    "gift_cards": (0.07, 50.0, 12.0),
    "crypto": (0.06, 110.0, 12.0),
}
COUNTRIES: Mapping[str, float] = {"DE": 0.32, "FR": 0.22, "IT": 0.16, "ES": 0.13, "NL": 0.10, "PL": 0.07}
COUNTRY_RISK: Mapping[str, float] = {"DE": 0.0, "FR": 0.1, "IT": 0.2, "ES": 0.0, "NL": -0.2, "PL": 0.4}
# name: (share of payments, typical device risk)
CHANNELS: Mapping[str, tuple[float, float]] = {"card": (0.54, 0.24), "wallet": (0.28, 0.30), "transfer": (0.18, 0.28)}
WORDS: Mapping[str, Mapping[str, object]] = {"merchant": MERCHANTS, "country": COUNTRIES, "channel": CHANNELS}
HOURS = np.array([2, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 7, 8, 7, 6, 6, 7, 8, 9, 9, 8, 6, 4, 3], dtype=np.float64)
NO_DISTANCE = 0.03
DAY_EFFECT = 0.05  # standard deviation on the log-odds
LABELLED_AFTER = (86_400, 3 * 86_400 - 60)  # seconds
HARD_CENTRE, HARD_SPREAD = -2.4, 1.35  # log-odds


@dataclass(frozen=True, slots=True)
class Concept:
    """How fraudsters work: what each feature adds to the log-odds of fraud (categories in the order above)."""

    base: float
    amount: float
    device_risk: float
    age: float
    payments: float
    distance: float
    night: float
    merchant: tuple[float, ...]
    channel: tuple[float, ...]


CONCEPTS: Mapping[ConceptName, Concept] = {
    # Stolen cards: large amounts, risky devices, goods that are easy to sell on.
    "cards": Concept(
        base=-4.05,
        amount=0.9,
        device_risk=6.3,
        age=-0.5,
        payments=0.5,
        distance=0.35,
        night=1.4,
        merchant=(-1.1, -0.6, 0.4, -0.6, 0.6, 0.0, 1.5, 1.5),
        channel=(0.1, -0.5, 0.4),
    ),
    # Hijacked wallets on the owner's own, trusted phone: many purchases, mostly in ordinary shops.
    "wallets": Concept(
        base=-4.3,
        amount=0.85,
        device_risk=0.5,
        age=-0.7,
        payments=1.0,
        distance=0.35,
        night=1.2,
        merchant=(0.3, 1.6, 0.6, -0.6, 0.9, -0.4, 0.9, 0.0),
        channel=(-0.6, 1.7, -0.2),
    ),
    # Account takeovers: transfers, far from home, to merchants that were safe before.
    "takeovers": Concept(
        base=-4.35,
        amount=1.0,
        device_risk=1.5,
        age=-0.4,
        payments=0.7,
        distance=0.5,
        night=0.4,
        merchant=(-0.4, 0.4, 0.8, 0.8, 0.0, 0.9, -0.4, 0.6),
        channel=(-0.4, 0.3, 2.2),
    ),
}


def draw(day: date, concept: ConceptName = "cards", traffic: Traffic = "usual") -> pd.DataFrame:
    """Return one day's payments in time order: event_time, the features, is_fraud, labelled_at and label_luck (0 to 1).

    The same day always gives the same rows. Features, outcomes and label times have a random stream each, so that a
    changed concept changes who is a fraudster and leaves the payments as they were.
    """
    features, outcomes, labels = (np.random.default_rng([SEED, day.toordinal(), part]) for part in range(3))
    rows = _payments(day, traffic, features)
    logit = fraud_logit(rows, concept) + outcomes.normal(0.0, DAY_EFFECT)
    fraud = outcomes.random(len(logit)) < 1.0 / (1.0 + np.exp(-logit))
    waited = LABELLED_AFTER[0] + (LABELLED_AFTER[1] - LABELLED_AFTER[0]) * labels.beta(1.5, 2.0, len(logit))
    event_time = np.datetime64(day, "s") + rows.pop("second").astype("timedelta64[s]")
    frame = pd.DataFrame(
        rows | {name: np.array(list(words), dtype=object)[rows[name]] for name, words in WORDS.items()}
    )
    frame["event_time"] = pd.DatetimeIndex(event_time, tz="UTC")
    frame["is_fraud"] = fraud.astype(np.int64)
    frame["labelled_at"] = pd.DatetimeIndex(event_time + waited.astype("timedelta64[s]"), tz="UTC")
    frame["label_luck"] = labels.random(len(frame))
    return frame


def fraud_logit(rows: Columns, concept: ConceptName) -> Floats:
    """Return the true log-odds of fraud of each row, before the day's own small effect; categories are positions."""
    terms = CONCEPTS[concept]
    distance = np.nan_to_num(rows["distance_km"], nan=10.0)
    logit: Floats = (
        terms.base
        + terms.amount * np.log(rows["amount"] / 50.0)
        + terms.device_risk * (rows["device_risk"] - 0.27)
        + terms.age * (np.log1p(rows["customer_age_days"]) - 6.2)
        + terms.payments * (np.log1p(rows["n_payments_24h"]) - 1.0)
        + terms.distance * (np.log1p(distance) - 2.2)
        + terms.night * ((rows["hour"] - 13.0) / 13.0) ** 2
        + np.array(terms.merchant)[rows["merchant"]]
        + np.array(terms.channel)[rows["channel"]]
        + np.array(list(COUNTRY_RISK.values()))[rows["country"]]
    )
    return logit


def _payments(day: date, traffic: Traffic, rng: np.random.Generator) -> Columns:
    weekend = 0.85 if day.weekday() >= 5 else 1.0
    wanted = int(rng.poisson(ROWS_PER_DAY * weekend))
    rows = _mix(rng, wanted) if traffic == "usual" else _hard(_mix(rng, 8 * wanted), wanted, rng)
    second = rows["hour"] * 3600 + rng.integers(0, 3600, wanted)
    order = np.argsort(second, kind="stable")
    return {name: column[order] for name, column in (rows | {"second": second}).items()}


def _mix(rng: np.random.Generator, count: int) -> Columns:
    merchant = rng.choice(len(MERCHANTS), count, p=[share for share, _, _ in MERCHANTS.values()])
    channel = rng.choice(len(CHANNELS), count, p=[share for share, _ in CHANNELS.values()])
    _, amount, distance = np.array(list(MERCHANTS.values())).T
    risk = np.array([mean for _, mean in CHANNELS.values()])[channel]
    age = 20.0 + rng.gamma(1.6, 420.0, count)
    return {
        "amount": np.round(amount[merchant] * rng.lognormal(0.0, 0.8, count), 2).clip(1.0),
        "merchant": merchant,
        "country": rng.choice(len(COUNTRIES), count, p=list(COUNTRIES.values())),
        "channel": channel,
        "hour": rng.choice(24, count, p=HOURS / HOURS.sum()),
        "customer_age_days": age.astype(np.int64),
        "n_payments_24h": rng.poisson(rng.gamma(2.0, 0.8, count) + age / 1500.0),
        "device_risk": rng.beta(7.0 * risk, 7.0 * (1.0 - risk)).round(4),
        "distance_km": np.where(rng.random(count) < NO_DISTANCE, np.nan, rng.exponential(distance[merchant]).round(2)),
    }


def _hard(rows: Columns, wanted: int, rng: np.random.Generator) -> Columns:
    """Keep payments whose true risk lies close together: nobody can rank these well, and the concept is untouched."""
    weight = np.exp(-0.5 * ((fraud_logit(rows, "cards") - HARD_CENTRE) / HARD_SPREAD) ** 2)
    kept = rng.choice(len(weight), wanted, replace=False, p=weight / weight.sum())
    return {name: column[kept] for name, column in rows.items()}
