"""A language model that says what the test told it to, and remembers what it was asked."""

from dataclasses import dataclass

from graph.advice import Reply
from graph.model import Json


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it was sent."""

    instructions: str
    question: str
    schema: Json
    most_tokens: int


class FakeReasoner:
    """Port Reasoner. Gives out `replies` in turn, the last one for ever."""

    name = "fake-model"

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies or (Reply(None, "nothing to say"),))
        self.questions: list[Question] = []

    def ask(self, instructions: str, question: str, schema: Json, most_tokens: int) -> Reply:
        self.questions.append(Question(instructions, question, schema, most_tokens))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
