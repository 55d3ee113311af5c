""".env.example and autopilot/settings.py name the same settings."""

import ast
import re
from pathlib import Path

from tools import catalogue

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def test_every_setting_that_is_read_is_explained_and_no_other():
    documented = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    logins = {login for kind in catalogue.PIPELINES for login in catalogue.pipeline(kind).logins}
    logins |= {login for kind in catalogue.MONITORS for login in catalogue.monitor(kind).logins}
    logins |= {login for kind in catalogue.CHANNELS for login in catalogue.channel(kind).logins}
    assert sorted(documented) == sorted(read_by(ROOT / "autopilot" / "settings.py") | logins)


def test_every_setting_has_a_line_of_meaning_before_it():
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = [at for at, line in enumerate(lines) if re.match(r"#?[A-Z_0-9]+=", line)]
    assert settings
    assert [lines[at] for at in settings if not lines[at - 1].startswith("# ")] == []


def read_by(source: Path) -> set[str]:
    """Names of environment variables in a module: its string constants that look like one."""
    constants = (node.value for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and NAME.fullmatch(value)}
