"""What a language model was asked about a decision, what it answered, and why that counts or does not."""

from collections.abc import Iterator

from autopilot import words
from graph.model import Json
from graph.reasoning.names import revealed


def advice_lines(advice: Json, model: str) -> Iterator[str]:
    """Yield the lines; names out of users' data are quoted and stand for the ids that were sent."""
    asked = advice["asked"]
    if asked is None:
        yield f"not asked, the rule stands alone: {advice['why']}"
        return
    yield f"{asked['model']} {_stand(advice)}"
    names, explanation = asked["names"], advice["explanation"]
    if explanation:
        # A doubt's words are in the reason.
        said = "" if advice["outcome"] == "doubted" else f"“{revealed(explanation, names)}” "
        yield f"{said}rests on {', '.join(revealed(each, names) for each in advice['evidence'])}"
    elif advice["answered"] and not advice["action"]:
        yield f"it answered: {words.cut(advice['answered'], words.WIDTH)}"
    yield _asked(asked["question"], advice["tokens"])
    if advice["outcome"] == "doubted":
        yield f"to let the rule act: autopilot answer {model} --genuine; if something was broken: --fixed"


def _stand(advice: Json) -> str:
    if advice["action"] is None:
        return f"gave no usable answer, the rule stands alone: {advice['why']}"
    opinion = (
        f"{words.spoken(advice['action'])}, cause {words.spoken(advice['cause'])},"
        f" confidence {words.number(advice['confidence'])}"
    )
    if advice["outcome"] == "agreed":
        return f"agrees: {opinion}"
    if advice["outcome"] == "doubted":
        return f"objects: {opinion}; so a person is asked first"
    return f"said {opinion}; not used, the rule stands alone: {advice['why']}"


def _asked(question: Json, tokens: int | None) -> str:
    facts = sum(len(group) for group in question["facts"].values())
    used = f"; {words.count(tokens, 'token')}" if tokens is not None else ""
    allowed = ", ".join(words.spoken(action) for action in question["permitted"])
    return f"asked about {words.count(facts, 'fact')}, to answer {allowed}{used} (the whole of it: --json)"
