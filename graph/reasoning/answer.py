"""The only shape in which a language model may answer."""

from typing import Annotated, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from graph.model import Action, Cause, Json

MOST_CITED = 8
_LONGEST_ID = 80
_LONGEST_EXPLANATION = 500


def _plain(text: str) -> str:
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise ValueError("holds nothing, or characters that cannot be shown")
    return line


class Answer(BaseModel):
    """An opinion. Nothing in it is carried out: see `narrowing`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    cause: Cause
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    evidence: Annotated[list[Annotated[str, Field(max_length=_LONGEST_ID)]], Field(min_length=1, max_length=MOST_CITED)]
    action: Action
    explanation: Annotated[str, Field(min_length=1, max_length=_LONGEST_EXPLANATION), AfterValidator(_plain)]


def parse(text: str) -> Answer | str:
    """Return the answer that a text holds, or in a few words why it holds none. Nothing is mended or guessed."""
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        if not where:
            return "it is no JSON object of the agreed form"
        # What stands where is the model's word: only a field of ours is repeated.
        known = where if where.partition(".")[0] in Answer.model_fields else "a field that was not asked for"
        return f"it does not keep to the agreed form at {known}"


def schema(actions: tuple[Action, ...]) -> Json:
    """Return the strict JSON Schema: only what every endpoint's strict mode knows; `parse` checks the rest."""
    fields: Json = {
        "cause": {"type": "string", "enum": list(get_args(Cause))},
        "confidence": {"type": "number"},
        "evidence": {"type": "array", "items": {"type": "string"}},
        "action": {"type": "string", "enum": list(actions)},
        "explanation": {"type": "string"},
    }
    return {
        "title": "opinion",
        "description": "An opinion on one decision.",
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
