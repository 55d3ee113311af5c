"""What a monitor says that has values and no rows."""

from graph.errors import Misconfigured


def no_holdout(model: str, who: str) -> Misconfigured:
    """Return the error of whoever asks it for rows to compare two models on."""
    return Misconfigured(
        f"{model}: {who} has no rows to compare two models on",
        "set validation.kind: reported, so that the pipeline's own metrics are judged, or add a monitor of kind "
        "predictions or sql",
    )
