"""work: one worker of the fleet."""

from argparse import Namespace

from autopilot import settings as configured
from autopilot.capabilities import parse
from graph.errors import Misconfigured


def work(arguments: Namespace) -> int:
    """Check what is due, and carry runs on."""
    can = parse(arguments.can)
    if not can:
        raise Misconfigured("a worker that may do nothing has nothing to do", "autopilot serve --can none is the doors")
    from autopilot.fleet.process import work as run

    return run(configured.load(config=arguments.config, now=arguments.now, log=arguments.log), can, arguments.jobs)
