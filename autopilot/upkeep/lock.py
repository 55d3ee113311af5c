"""The lock between those who make a model's past smaller and those who read it at length."""


def upkeep_of(model: str) -> str:
    """Name the lock. Upkeep holds it alone, whoever reads shares it."""
    return f"upkeep {model}"
