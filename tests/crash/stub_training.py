"""A training script that costs nothing: in shell, and it asks a process that has MLflow loaded to log the run for it.

It leaves one line per execution in `trained.log`, which is how executions are counted. To ask is to write a file of two
lines, tracking URI and wish; it is removed when the wish is fulfilled.
"""

from pathlib import Path

LOG = "trained.log"
REQUESTS = "requests"
SCRIPT = f"""#!/bin/sh
cd "$(dirname "$0")" || exit 1
echo "$AUTOPILOT_KEY" >> {LOG}
request="{REQUESTS}/$AUTOPILOT_KEY.$$"
printf '%s\\n' "$MLFLOW_TRACKING_URI" "train $AUTOPILOT_KEY" > "$request.draft"
mv "$request.draft" "$request"
while [ -e "$request" ]; do sleep 0.05; done
"""


def prepare(folder: Path) -> None:
    """Put the script `train.sh` into the folder, and make room for what it asks for."""
    (folder / REQUESTS).mkdir(parents=True)
    script = folder / "train.sh"
    script.write_text(SCRIPT)
    script.chmod(0o700)


def ask(folder: Path, uri: str | None, wish: str, name: str) -> Path:
    """Ask as the script does; return the file that is there until the wish is fulfilled."""
    request = folder / REQUESTS / name
    draft = request.with_name(f"{name}.draft")
    draft.write_text(f"{uri}\n{wish}\n")
    return draft.rename(request)


def asked(folder: Path) -> list[Path]:
    """Return the requests that nobody has fulfilled yet."""
    return [path for path in (folder / REQUESTS).iterdir() if path.suffix != ".draft"]


def executions(folder: Path, key: str) -> int:
    """Return how often the script was executed for this key."""
    log = folder / LOG
    return log.read_text().splitlines().count(key) if log.exists() else 0
