"""judge: the policy over a pipe."""

import sys
from argparse import Namespace


def judge(arguments: Namespace) -> int:
    """Play the engineer in one stream; see docs for the lines. A broken line is code 2."""
    from autopilot.judge.pipe import Pipe
    from autopilot.judge.play import play

    play(Pipe(sys.stdin, sys.stdout))
    return 0
