"""The example end to end with nothing played: drift on a real Prometheus, training on a real Airflow, a real MLflow."""

from pathlib import Path

from tests.acceptance import fraud
from tests.acceptance.desk import Forge
from tests.airflow.server import DAG, AirflowServer
from tests.real_team import real_team, to_a_promotion


def test_drift_leads_through_airflow_to_a_promotion(
    prometheus_programs: None, airflow: AirflowServer, forge: Forge, tmp_path: Path
) -> None:
    logins = {"AUTOPILOT_AIRFLOW_USER": "user", "AUTOPILOT_AIRFLOW_PASSWORD": airflow.passwords["user"]}
    with (
        real_team(tmp_path, forge, logins) as team,
        airflow.training(fraud.EXAMPLE, f"MLFLOW_TRACKING_URI={team.mlflow} exec {team.training}"),
    ):
        team.describe({"kind": "airflow", "url": airflow.url, "dag": DAG})
        try:
            to_a_promotion(team, "airflow")
        except AssertionError as failure:
            failure.add_note(airflow.last_words())
            raise
        assert airflow.passwords["user"] not in "".join(team.record)
