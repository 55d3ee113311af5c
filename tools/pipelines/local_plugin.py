"""A training command on this machine, as its owner writes it and as it is looked over."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from graph.ports import Pipeline
from tools.pipelines.local import LocalPipeline
from tools.plugins import Finding, PipelinePart, PipelinePlugin, Site


class LocalCommand(PipelinePart):
    """A command on this machine."""

    kind: Literal["local"]
    command: Annotated[list[str], Field(min_length=1)]
    cwd: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)


def make(part: LocalCommand, site: Site) -> Pipeline:
    """Return the pipeline that runs the command."""
    return LocalPipeline(
        command=tuple(part.command),
        cwd=site.folder / part.cwd if part.cwd else site.folder,
        jobs=site.jobs,
        environment={**site.environment, **part.environment},
        deadline=part.deadline,
        python=site.python,
        hold=site.hold,
    )


def examine(part: LocalCommand, site: Site, now: datetime) -> Iterator[Finding]:
    """See whether the command's program is there, and the scripts that it names."""
    folder = site.folder / part.cwd if part.cwd else site.folder
    program, *rest = part.command
    scripts = [word for word in rest if word.endswith((".py", ".sh")) and not word.startswith("-")]
    missing = [script for script in scripts if not (folder / script).exists()]
    at = str(folder / program) if os.sep in program else program
    if not folder.is_dir():
        yield Finding("failed", f"{folder} is no folder", "correct pipeline.cwd")
    elif not shutil.which(at, path=site.environment["PATH"]):
        yield Finding("failed", f"{program} is not a program here", "correct pipeline.command")
    elif missing:
        yield Finding("failed", f"{missing[0]} is not in {folder}", "correct pipeline.command or pipeline.cwd")
    else:
        yield Finding("ok", " ".join(part.command))


PIPELINE = PipelinePlugin(LocalCommand, make, examine)
