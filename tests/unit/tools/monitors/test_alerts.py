"""Deliveries of Alertmanager and Grafana: the same news has the same key, and what is no delivery is said so."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.errors import Misconfigured
from tools.monitors.alerts import parse

FIRING = {
    "status": "firing",
    "labels": {"alertname": "ModelAccuracyLow", "model": "fraud", "severity": "page"},
    "annotations": {"summary": "accuracy is 0.71"},
    "startsAt": "2026-03-01T10:30:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
    "fingerprint": "cf6ab4ed0bb7c5ad",
}
ALERTMANAGER = {
    "version": "4",
    "groupKey": '{}:{alertname="ModelAccuracyLow"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "autopilot",
    "groupLabels": {"alertname": "ModelAccuracyLow"},
    "commonLabels": {"alertname": "ModelAccuracyLow"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "alerts": [FIRING],
}
# Grafana's envelope, by its documentation of the webhook contact point.
GRAFANA = {
    "receiver": "autopilot",
    "status": "resolved",
    "orgId": 1,
    "alerts": [
        {
            **FIRING,
            "status": "resolved",
            "startsAt": "2026-03-01T12:30:00+02:00",
            "endsAt": "2026-03-01T13:30:00+02:00",
            "values": {"B": 44.2},
            "silenceURL": "https://grafana.example/alerting/silence/new",
            "dashboardURL": "",
        }
    ],
    "version": "1",
    "title": "[RESOLVED]",
    "state": "ok",
    "message": "it is over",
}


def sent(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_an_alert_that_fires():
    found = parse(sent(ALERTMANAGER))
    (alert,) = found.alerts
    assert (found.sender, found.left_out) == ("alertmanager", 0)
    assert (alert.status, alert.model, alert.ends_at) == ("firing", "fraud", None)
    assert alert.starts_at == datetime(2026, 3, 1, 10, 30, 0, 123456, UTC)
    assert alert.annotations == {"summary": "accuracy is 0.71"}


def test_an_alert_of_grafana_that_is_over():
    found = parse(sent(GRAFANA))
    (alert,) = found.alerts
    assert found.sender == "grafana"
    assert (alert.status, alert.starts_at.hour, alert.ends_at) == (
        "resolved",
        10,
        datetime(2026, 3, 1, 11, 30, tzinfo=UTC),
    )


def test_the_same_news_has_the_same_key_and_other_news_another():
    again = {**ALERTMANAGER, "receiver": "another", "alerts": [{**FIRING, "annotations": {}}]}
    others = [{"status": "resolved"}, {"startsAt": "2026-03-01T11:30:00Z"}, {"fingerprint": "another"}]
    keys = [parse(sent({**ALERTMANAGER, "alerts": [{**FIRING, **each}]})).alerts[0].dedupe_key for each in others]
    key = parse(sent(ALERTMANAGER)).alerts[0].dedupe_key
    assert parse(sent(again)).alerts[0].dedupe_key == key
    assert len({key, *keys}) == 4


def test_the_label_that_names_the_model_is_the_owners():
    assert parse(sent(ALERTMANAGER), "severity").alerts[0].model == "page"
    assert parse(sent(ALERTMANAGER), "model_id").alerts[0].model is None


def test_alerts_that_were_cut_off_are_counted():
    assert parse(sent({**ALERTMANAGER, "truncatedAlerts": 7})).left_out == 7


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b" " * 5_000_001, "longer than 5 MB"),
        (sent({}), "alerts is no list"),
        (sent({**ALERTMANAGER, "version": "3"}), "version is '3', not '4'"),
        (sent({**ALERTMANAGER, "truncatedAlerts": "x"}), "truncatedAlerts is 'x'"),
        (sent({**ALERTMANAGER, "alerts": [1]}), r"alerts\[0\] is no object"),
        (
            sent({**ALERTMANAGER, "alerts": [FIRING, {**FIRING, "status": "pending"}]}),
            r"alerts\[1\].status is 'pending'",
        ),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "fingerprint": ""}]}), "fingerprint is missing"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "startsAt": None}]}), "startsAt is missing"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "startsAt": "0001-01-01T00:00:00Z"}]}), "startsAt is missing"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "startsAt": "yesterday"}]}), "startsAt is 'yesterday'"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "startsAt": "2026-03-01T10:30:00"}]}), "no time with a zone"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "endsAt": 5}]}), "endsAt is 5"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "labels": {"model": 5}}]}), "labels holds something"),
        (sent({**ALERTMANAGER, "alerts": [{**FIRING, "annotations": []}]}), "annotations holds something"),
    ],
)
def test_what_is_no_delivery(body: bytes, said: str):
    with pytest.raises(Misconfigured, match=said):
        parse(body)
