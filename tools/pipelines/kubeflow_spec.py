"""What a compiled Kubeflow pipeline takes, read from the specification that its version carries."""

from graph.model import Json
from tools.pipelines.contract import NAMES


def unmet(version: Json) -> str:
    """Return in words what keeps a pipeline version from being run with the training contract, or nothing."""
    document = version.get("pipeline_spec")
    if not isinstance(document, dict):
        return "its specification cannot be read; is it a pipeline of Kubeflow Pipelines v2?"
    # With settings for Kubernetes the specification has company.
    document = document.get("pipeline_spec", document)
    declared = document.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    missing = [name for name in NAMES if name not in declared]
    other = [name for name in NAMES if name in declared and declared[name].get("parameterType") != "STRING"]
    open_ones = [name for name, of in declared.items() if name not in NAMES and _is_demanded(of)]
    parts = (("it lacks", missing), ("no text is", other), ("it also demands", open_ones))
    return "; ".join(f"{said} {', '.join(names)}" for said, names in parts if names)


def _is_demanded(declared: Json) -> bool:
    return "defaultValue" not in declared and not declared.get("isOptional")
