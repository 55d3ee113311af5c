"""Every pipeline elsewhere that is played here, by name: what the tests for all of them run on."""

from collections.abc import Callable
from typing import Any

from tests.conformance.kubeflow_system import kubeflow
from tests.conformance.ray_system import ray
from tests.conformance.remote_systems import airflow, gitlab, jenkins

SYSTEMS: dict[str, Callable[[], Any]] = {
    "jenkins": jenkins,
    "gitlab": gitlab,
    "airflow": airflow,
    "ray": ray,
    "kubeflow": kubeflow,
}
