"""What is wrong in autopilot.yaml, in one line that says where: file, line, field, and what to do."""

from collections.abc import Sequence

import yaml
from pydantic import ValidationError

from graph.errors import Misconfigured
from tools.plugins import MonitorPart


def problem(error: ValidationError, tree: yaml.Node | None, source: str, within: Sequence[str] = ()) -> Misconfigured:
    """Return the first thing that is wrong in a file, or `within` a part of it, with its line and what to do."""
    first = error.errors(include_url=False, include_context=False)[0]
    # Where one or several may stand, pydantic names its types as if they were fields.
    loc = [str(part) for part in first["loc"] if part != MonitorPart.__name__ and not str(part).startswith("list[")]
    path = [*within, *loc]
    where = line(tree, path)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    return Misconfigured(f"{source}:{where}: {'.'.join(path) or 'file'}: {message}{more}", _fix(first["type"], path))


def _fix(kind: str, path: list[str]) -> str:
    if kind == "extra_forbidden":
        return f"remove {path[-1]!r}, or check its spelling"
    if kind == "missing":
        return f"add {path[-1]!r}"
    if path[-1:] == ["task"]:
        return "this release looks after binary_classification and regression; multiclass is not among them"
    return ""


def line(node: yaml.Node | None, path: list[str]) -> int:
    """Return the 1-based line of the deepest part of `path` that the text holds."""
    at = node.start_mark.line + 1 if node else 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            at, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            at = node.start_mark.line + 1
    return at
