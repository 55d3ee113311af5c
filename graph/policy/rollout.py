"""What a later check means for a run that is still under way."""

from graph.model import Decision, Diagnosis


def undone_reason(found: Diagnosis | Decision) -> str | None:
    """Return why a later check takes a waiting run's reason away, or None when it stands.

    Harder traffic does not say that the harm has gone, and a check that saw too little says nothing. A run that a
    person asked for has another reason: do not ask about those.
    """
    if found.verdict == "healthy" and found.cause == "none":
        return f"a later check found the model healthy again: {found.reason}"
    if found.verdict == "broken_data":
        return f"a later check found broken data: {found.reason}"
    return None
