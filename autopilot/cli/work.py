"""work: one worker of the fleet."""

from argparse import Namespace

from autopilot import settings as configured
from autopilot.capabilities import parse


def work(arguments: Namespace) -> int:
    """Check what is due, and carry runs on."""
    can = parse(arguments.can)
    from autopilot.fleet.process import work as run

    return run(configured.load(config=arguments.config, now=arguments.now, log=arguments.log), can, arguments.jobs)
