"""What an entry of autopilot.yaml inherits: the defaults of all models, those of its group over them, its own last."""

from typing import Any

import yaml

from autopilot.spec_problem import line
from graph.errors import Misconfigured


def with_defaults(document: dict[str, Any], tree: yaml.Node | None, source: str) -> dict[str, Any]:
    """Return the document with every entry made whole. Misconfigured for a group that there is not."""
    models = document.get("models")
    if not isinstance(models, dict):
        return document
    defaults, groups = _mapping(document, "defaults"), _mapping(document, "groups")
    for name, group in groups.items():
        if isinstance(group, dict) and "group" in group:
            where = f"{source}:{line(tree, ['groups', str(name), 'group'])}: groups.{name}.group"
            raise Misconfigured(f"{where}: a group is in no group", "remove it")
    whole = {}
    for name, own in models.items():
        base = _over(defaults, _group(defaults, own, groups, f"models.{name}", tree, source))
        whole[name] = _over(base, own) if base else own
    return {**document, "models": whole}


def _mapping(document: dict[str, Any], name: str) -> dict[Any, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _group(
    defaults: dict[Any, Any], own: Any, groups: dict[Any, Any], field: str, tree: yaml.Node | None, source: str
) -> Any:
    """Return what the group of an entry says; nothing where it is in none."""
    name = (own.get("group") if isinstance(own, dict) else None) or defaults.get("group")
    if name is None:
        return None
    if name not in groups:
        where = f"{source}:{line(tree, [*field.split('.', 1), 'group'])}: {field}.group"
        raise Misconfigured(
            f"{where}: names {name}, which is not under groups", f"it has: {', '.join(map(str, groups)) or 'none'}"
        )
    return groups[name]


def _over(base: Any, own: Any) -> Any:
    if isinstance(base, dict) and isinstance(own, dict):
        if "kind" in base and own.get("kind", base["kind"]) != base["kind"]:
            # What the defaults say about another kind is not about this one.
            return own
        return {**base, **{key: _over(base.get(key), value) for key, value in own.items()}}
    return base if own is None else own
