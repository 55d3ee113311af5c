"""All that Airflow 3 needs to train for Autopilot: copy it into the DAGs folder, set two variables, unpause it.

The variables are for the workers. TRAIN_COMMAND: what trains, with an interpreter and libraries of its own; it finds
the six values in its environment. MLFLOW_TRACKING_URI: with the login of a user who can log and register, and move no
alias.
"""

from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

CONTRACT = {
    "AUTOPILOT_MODEL": Param(type="string", minLength=1, description="Name of the model"),
    "AUTOPILOT_RUN": Param(type="string", minLength=1, description="The run that asked"),
    "AUTOPILOT_KEY": Param(type="string", minLength=1, description="Tag the MLflow run autopilot.key with it"),
    "AUTOPILOT_TRAIN_FROM": Param(type="string", minLength=1, description="First moment to train on, UTC"),
    "AUTOPILOT_TRAIN_UNTIL": Param(type="string", minLength=1, description="First moment not to train on, UTC"),
    "AUTOPILOT_EXCLUDE": Param("", type="string", description="Intervals to leave out: start/end,start/end"),
}

with DAG(
    "train_for_autopilot",
    description="Trains a challenger for one model, as Autopilot asks",
    schedule=None,
    params=CONTRACT,
    # So many trainings at once. The others are queued, as long as pipeline.queue_deadline lets them.
    max_active_runs=2,
    # Autopilot stops a run at pipeline.deadline; this one holds also when nobody looks.
    dagrun_timeout=timedelta(hours=2),
):
    BashOperator(
        task_id="train",
        # What Airflow itself is told, its database among it, is not for the training script.
        bash_command='unset "${!AIRFLOW@}"; eval "exec ${TRAIN_COMMAND:?is not set on this worker}"',
        env={name: f"{{{{ params.{name} }}}}" for name in CONTRACT},
        append_env=True,
        # A second try would log a second model under the same key.
        retries=0,
        # Else a script that exits with 99 would count as one that trained.
        skip_on_exit_code=None,
    )
