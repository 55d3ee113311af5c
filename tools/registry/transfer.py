"""Model files out of MLflow's artifact store: copied where they lie on this machine, downloaded where they do not."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse
from urllib.request import url2pathname

from graph.errors import Misconfigured, Refused
from tools.registry import files

if TYPE_CHECKING:
    from mlflow import MlflowClient


def local_path(uri: str) -> Path | None:
    """Return the path of a location on this machine, or None when it is somewhere else."""
    parsed = urlparse(uri)
    if not parsed.scheme:
        return Path(uri)  # not parsed.path: a plain path may hold a `#` or a `?`
    if parsed.scheme != "file":
        return None
    if parsed.netloc not in ("", "localhost"):
        raise Misconfigured(f"{uri} names another machine's disk", "use an artifact store that both machines reach")
    return Path(url2pathname(parsed.path))


def resolved(client: "MlflowClient", uri: str) -> str:
    """Return the artifact location behind a `runs:/RUN/PATH` or `models:/m-ID` source; any other one as it is."""
    scheme, _, rest = uri.partition(":/")
    head, _, path = rest.partition("/")
    if scheme == "runs":
        return f"{str(client.get_run(head).info.artifact_uri).rstrip('/')}/{path}"
    if scheme == "models" and head.startswith("m-") and not path:
        return str(client.get_logged_model(head).artifact_location)
    if scheme == "models":
        raise Refused(f"{uri} points at another version, which may change", "register the run's own model instead")
    return uri


def below(root: Path, path: Path, uri: str) -> Path:
    """Return where `path` really lies, links followed. Refused when that is not below `root`.

    Whoever may register a candidate may write any path into it: a login's password file would become a model.
    """
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        raise Refused(
            f"the model's files at {uri} lie outside the artifact store {root}",
            "log the model into the experiment that MLFLOW_EXPERIMENT_NAME names",
        )
    return real


def download(tracking_uri: str, uri: str, to: Path) -> Path:
    """Download a folder of a remote artifact store below `to` and return where it is."""
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(uri, dst_path=str(to), tracking_uri=tracking_uri, registry_uri=tracking_uri))


@contextmanager
def readable(tracking_uri: str, uri: str) -> Iterator[Path]:
    """Yield a folder with the files of a location: itself when on this machine, else a temporary download."""
    here = local_path(uri)
    if here is not None:
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="autopilot-") as folder:
        yield download(tracking_uri, uri, Path(folder))


def fetch(tracking_uri: str, uri: str, to: Path, root: Path | None) -> Path:
    """Copy the files of a location into a new folder below `to` and return it.

    `root`: where files of this machine must lie. Each call makes a folder of its own: two processes that carry on with
    the same run never pull it away from each other.
    """
    to.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="model-", dir=to))
    here = local_path(uri)
    if here is None:
        return download(tracking_uri, uri, folder)
    files.copy(below(root, here, uri) if root else here, folder / "model")
    return folder / "model"
