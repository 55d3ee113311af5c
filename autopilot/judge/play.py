"""One stream from its start to its end."""

from autopilot.judge.engineer import Engineer
from autopilot.judge.pipe import Pipe
from autopilot.judge.start import read_start


def play(pipe: Pipe) -> None:
    """Answer the world until it says `end`. Raises Misconfigured for a line that breaks the contract."""
    engineer: Engineer | None = None
    message = pipe.receive("start")
    try:
        engineer = Engineer(read_start(message), pipe)
        while (message := pipe.receive("tick", "end"))["type"] == "tick":
            pipe.send({"type": "done", "record": engineer.tick(message)})
    except (KeyError, TypeError, ValueError) as error:
        raise pipe.wrong(f"does not hold what the contract asks for: {error!r}", "see the judge's contract") from error
