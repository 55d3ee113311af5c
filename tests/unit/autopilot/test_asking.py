"""Questions at a terminal: a number, a name or silence answers them."""

import pytest

from autopilot.initial.asking import Terminal


def typed(*lines: str) -> tuple[Terminal, list[str]]:
    waiting = list(lines)
    said: list[str] = []

    def read() -> str:
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    return Terminal(read, said.append), said


@pytest.mark.parametrize(
    ("lines", "answer"),
    [(["2"], "b"), (["a"], "a"), ([""], "b"), (["9", "x", "1"], "a"), (["9", "9", "9"], "b"), ([], "b")],
)
def test_a_terminal_takes_numbers_names_and_silence(lines, answer):
    terminal, said = typed(*lines)
    assert terminal.choose("Which?", ["a", "b"], "b") == answer
    assert "1  a" in said[0]
    assert "[b]" in said[0]


def test_a_terminal_takes_text_or_the_proposal():
    assert typed("other")[0].tell("Where?", "here") == "other"
    assert typed("")[0].tell("Where?", "here") == "here"
    assert typed()[0].tell("Where?", "here") == "here"
