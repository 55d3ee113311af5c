"""Kinds of channel that another distribution brings: installed in a folder, as an installer would leave it."""

from pathlib import Path

MODULE = '''
"""Asks people on a pager."""

from tools.approvals.channel import ChannelPart, ChannelPlugin
from tools.plugins import Finding


class Pager(ChannelPart):
    """A pager's number."""

    number: int


def plugin(person):
    return ChannelPlugin(Pager, lambda part, site: None, lambda part, site, now: [Finding("ok", "")], person=person)


PAGER, MAIL, MUTE, ODD = plugin("pager"), plugin("email"), plugin(""), plugin("telephone")
'''
KINDS = """[autopilot.channels]
pager = strange_pager:PAGER
letter = strange_pager:MAIL
siren = strange_pager:MUTE
odd = strange_pager:ODD
"""


def install(folder: Path) -> None:
    """Leave the distribution in a folder that modules are looked for in."""
    (folder / "strange_pager.py").write_text(MODULE)
    about = folder / "autopilot_pager-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: autopilot-pager\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(KINDS)
