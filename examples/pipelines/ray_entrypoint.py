"""All that a Ray cluster needs to train for Autopilot. Keep it beside train.py, in the folder that the job is run in.

    pipeline:
      kind: ray
      url: https://ray.example
      entrypoint: python ray_entrypoint.py
      runtime_env: {working_dir: "https://files.example/training.zip"}    # or no working_dir, and both in the image

Ray hands AUTOPILOT_MODEL, _RUN, _KEY, _TRAIN_FROM, _TRAIN_UNTIL and _EXCLUDE to this process and to every worker as
variables of the environment. The cluster's own environment holds MLFLOW_TRACKING_URI, with the login of a user who can
log and register, and move no alias.
"""

import os
import runpy
import sys

import ray


# What training takes. Ray would try a task again whose worker died: that might log a second model under the same key.
@ray.remote(num_cpus=1, max_retries=0)
def train(script: str) -> object:
    """Run the team's script in a worker, as `python train.py` would, and return what it exits with."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        return end.code
    return 0


if __name__ == "__main__":
    if not os.environ.get("AUTOPILOT_KEY"):
        sys.exit("AUTOPILOT_KEY is not set: Autopilot starts this job, and there is nothing to train without it")
    ray.init()
    sys.exit(ray.get(train.remote("train.py")))
