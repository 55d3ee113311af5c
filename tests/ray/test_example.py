"""The example end to end with nothing played: drift on a real Prometheus, training on a real Ray, a real MLflow."""

from pathlib import Path

from tests.acceptance.desk import Forge
from tests.ray.cluster import Cluster
from tests.real_team import real_team, to_a_promotion


def test_drift_leads_through_ray_to_a_promotion(
    prometheus_programs: None, ray_cluster: Cluster, forge: Forge, tmp_path: Path
) -> None:
    with real_team(tmp_path, forge, {"AUTOPILOT_RAY_TOKEN": ray_cluster.token}) as team:
        variables = {"MLFLOW_TRACKING_URI": team.mlflow}
        job = {
            "kind": "ray",
            "url": ray_cluster.url,
            "entrypoint": team.training,
            "runtime_env": {"env_vars": variables},
        }
        team.describe(job)
        to_a_promotion(team, "ray")
        assert ray_cluster.token not in "".join(team.record)
