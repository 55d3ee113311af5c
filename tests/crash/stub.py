import os, time
from pathlib import Path
import numpy as np
import pandas as pd
from mlflow import MlflowClient

def model(folder: Path, name: str, flip: bool):
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression
    random = np.random.default_rng(7)
    rows = pd.DataFrame({"amount": random.random(400)})
    label = random.random(400) < (0.3 if flip else rows["amount"])
    fitted = LogisticRegression().fit(rows, label)
    mlflow.sklearn.save_model(fitted, str(folder / name), serialization_format="skops", pip_requirements=["scikit-learn"], signature=infer_signature(rows, np.array([0.5])), pyfunc_predict_fn="predict_proba")

def champions(uri, folder, models):
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    model(folder, "weak", True)
    model(folder, "strong", False)
    experiment = client.create_experiment("team", str(folder / "team"))
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "roc_auc", 0.6)
    client.log_artifacts(run.info.run_id, str(folder / "weak"), "model")
    client.set_terminated(run.info.run_id)
    for name in models:
        client.create_registered_model(name)
        client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
        client.set_registered_model_alias(name, "champion", "1")

def serve(folder):
    requests = folder / "requests"
    parent = os.getppid()
    while os.getppid() == parent:
        for request in requests.glob("[!.]*"):
            t = time.monotonic()
            log(request.read_text(), request.name.rpartition("@")[0], folder)
            request.unlink()
            print("trained", time.monotonic() - t, flush=True)
        time.sleep(0.02)

def log(uri, key, folder):
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    run = client.create_run(client.get_experiment_by_name("autopilot-training").experiment_id, tags={"autopilot.key": key})
    client.log_metric(run.info.run_id, "roc_auc", 0.9)
    client.log_artifacts(run.info.run_id, str(folder / "strong"), "model")
    client.set_terminated(run.info.run_id)
