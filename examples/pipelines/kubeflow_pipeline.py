"""All that Kubeflow Pipelines needs to train for Autopilot. Compile it with kfp 2, and upload kubeflow_pipeline.yaml.

    python kubeflow_pipeline.py
    kfp pipeline create --pipeline-name train-fraud kubeflow_pipeline.yaml

The image holds train.py and what it imports, and finds MLFLOW_TRACKING_URI in its environment, with the login of a user
who can log and register, and move no alias (from a secret: `use_secret_as_env` of kfp-kubernetes).
"""

from kfp import compiler, dsl

IMAGE = "registry.example/fraud-training:1"


@dsl.container_component
def train(
    AUTOPILOT_MODEL: str,
    AUTOPILOT_RUN: str,
    AUTOPILOT_KEY: str,
    AUTOPILOT_TRAIN_FROM: str,
    AUTOPILOT_TRAIN_UNTIL: str,
    AUTOPILOT_EXCLUDE: str,
) -> dsl.ContainerSpec:
    """Run train.py with the training contract in its environment, as everywhere else."""
    # As arguments of `env`: none of them is ever read by a shell.
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["env"],
        args=[
            f"AUTOPILOT_MODEL={AUTOPILOT_MODEL}",
            f"AUTOPILOT_RUN={AUTOPILOT_RUN}",
            f"AUTOPILOT_KEY={AUTOPILOT_KEY}",
            f"AUTOPILOT_TRAIN_FROM={AUTOPILOT_TRAIN_FROM}",
            f"AUTOPILOT_TRAIN_UNTIL={AUTOPILOT_TRAIN_UNTIL}",
            f"AUTOPILOT_EXCLUDE={AUTOPILOT_EXCLUDE}",
            "python",
            "train.py",
        ],
    )


@dsl.pipeline(name="train-fraud", description="Trains one candidate for Autopilot")
def pipeline(
    AUTOPILOT_MODEL: str,
    AUTOPILOT_RUN: str,
    AUTOPILOT_KEY: str,
    AUTOPILOT_TRAIN_FROM: str,
    AUTOPILOT_TRAIN_UNTIL: str,
    AUTOPILOT_EXCLUDE: str = "",
) -> None:
    """Take the six inputs and train once: what is in a cache was trained for another run."""
    step = train(
        AUTOPILOT_MODEL=AUTOPILOT_MODEL,
        AUTOPILOT_RUN=AUTOPILOT_RUN,
        AUTOPILOT_KEY=AUTOPILOT_KEY,
        AUTOPILOT_TRAIN_FROM=AUTOPILOT_TRAIN_FROM,
        AUTOPILOT_TRAIN_UNTIL=AUTOPILOT_TRAIN_UNTIL,
        AUTOPILOT_EXCLUDE=AUTOPILOT_EXCLUDE,
    )
    step.set_caching_options(False)


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, __file__.removesuffix(".py") + ".yaml")
