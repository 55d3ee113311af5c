"""The whole story on the example, told by the commands a user would type, each in a process of its own."""

import json
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autopilot import forked
from autopilot.bootstrap import ledger
from autopilot.output import document, say
from autopilot.settings import Settings, prepare
from autopilot.stores import embedded, furnish, libraries, mlflow_schema, stores
from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import Json

MODEL = "fraud-detector-v1"
WORLD = Path("examples", "fraud_detector", "world.py")
CHAMPION = WORLD.with_name("register_champion.py")
_MARK = "demo"
_USUAL = Path(".autopilot", _MARK, "world")
"""Where autopilot.yaml of the clone says that the world is."""
_CODES = {0: "done", 3: "the process is gone; the run waits for a person", 4: "training", 5: "refused by a rule"}


@dataclass
class Stage:
    """Where the demo plays: its folder, its environment, and how much of it to print."""

    settings: Settings
    answer: bool
    as_json: bool
    began: float = field(default_factory=time.monotonic)
    commands: list[Json] = field(default_factory=list)

    @property
    def world(self) -> Path:
        """The folder of the simulated world."""
        return self.settings.home / "demo" / "world"

    @property
    def elsewhere(self) -> bool:
        """Whether it plays in another home than the one that the clone's autopilot.yaml names."""
        return self.settings.home != _USUAL.parents[1].absolute()

    @property
    def config(self) -> Path:
        """The configuration: the clone's own, or a copy in the home in which the world is this one."""
        return self.settings.home / _MARK / "autopilot.yaml" if self.elsewhere else self.settings.config

    @property
    def typed(self) -> str:
        """What a person would have to type before each command."""
        where = {"AUTOPILOT_HOME": self.settings.home, "AUTOPILOT_CONFIG": self.config}
        return "".join(f"{name}={shlex.quote(str(path))} " for name, path in where.items()) if self.elsewhere else ""

    def write_config(self) -> None:
        """Write the copy, where one is needed: with the clone's folder spelled out, since paths start where it lies."""
        if self.elsewhere:
            text = self.settings.config.read_text("utf-8").replace(str(_USUAL), str(self.world))
            self.config.write_text(text.replace(str(WORLD.parent), str(WORLD.parent.absolute())), "utf-8")

    def tell(self, text: str = "") -> None:
        """Say something to the person watching."""
        say(text, as_json=self.as_json)

    def act(self, title: str) -> None:
        """Begin an act of the story."""
        self.tell(f"\n── {title} {'─' * max(2, 96 - len(title))}  {time.monotonic() - self.began:4.0f} s")

    def autopilot(self, *words: str, expect: tuple[int, ...] = (0,)) -> int:
        """Run one autopilot command, show it and its output, and hold its exit code against what the story needs."""
        self.tell(f"\n$ {self.typed}autopilot {shlex.join(words)}")
        code, printed = forked.command(words, self.environment())
        self.tell("\n".join(f"  {line}" for line in printed.rstrip().splitlines()))
        self.commands.append({"command": ["autopilot", *words], "code": code})
        if code not in expect:
            raise Unavailable(f"the demo expected exit code {expect} of `autopilot {words[0]}`, it was {code}")
        if code:
            self.tell(f"  (exit code {code}: {_CODES.get(code, 'failure')})")
        return code

    def latest(self) -> Json:
        """Return the newest run."""
        _, printed = forked.command(["runs", MODEL, "--limit", "1", "--json"], self.environment())
        run: Json = json.loads(printed)["runs"][0]
        return run

    def live(self, *words: str) -> None:
        """Let the simulated world go on."""
        self.script(WORLD, [str(self.world), *words], self.environment())

    def script(self, file: Path, words: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run one of the example's scripts and return what it printed."""
        code, printed = forked.script(file, words, environment)
        if code:
            raise Unavailable(f"the demo's {file} ended with exit code {code}", "what it said is above")
        return printed

    def environment(self) -> dict[str, str]:
        """Return what each command of the demo runs in."""
        # The demo's own home and embedded database, whatever else this shell is set up for.
        return {
            "PATH": self.settings.path,
            "LANG": self.settings.lang,
            "HOME": self.settings.user_home,
            "AUTOPILOT_HOME": str(self.settings.home),
            "AUTOPILOT_CONFIG": str(self.config),
        }


def play(settings: Settings, *, answer: bool, as_json: bool) -> int:
    """Play all acts; leave the home as a user would find it, for `runs`, `explain` and `report`."""
    if not WORLD.exists() or not settings.config.exists():
        raise Misconfigured(
            "the demo plays on the example of a clone of the project", "go to the clone's folder: make demo"
        )
    prepare(libraries())
    stage = Stage(settings, answer or not sys.stdin.isatty(), as_json)
    _clear(settings)
    stage.write_config()
    if settings.database_url:
        stage.tell("(DATABASE_URL is set; the demo leaves it alone and uses its own embedded database)")
    for act in (_known_model, _quiet, _broken, _degraded):
        act(stage)
    if stage.latest()["outcome"] == "promoted":
        for act in (_healed, _refused):
            act(stage)
    else:
        stage.tell("\nNothing was promoted: production is as it was. The rest of the story needs a new champion.")
    _told(stage)
    if as_json:
        document({"commands": stage.commands, "seconds": round(time.monotonic() - stage.began)})
    return 0


def _clear(settings: Settings) -> None:
    """Remove what an earlier demo left. A home that something else filled is never touched."""
    home = settings.home
    mark = home / _MARK
    if home.exists() and any(home.iterdir()) and not mark.exists():
        raise Refused(
            f"{home} holds other work than the demo's", "play it elsewhere: AUTOPILOT_HOME=.demo autopilot demo"
        )
    if (home / "postgres").exists():
        _require_only_demo(settings)
        embedded(settings).destroy()
    shutil.rmtree(home, ignore_errors=True)
    furnish(home)
    mark.mkdir(mode=0o700)


def _require_only_demo(settings: Settings) -> None:
    """The mark says that a demo began here, not that nobody worked here since: the ledger knows."""
    with ledger(replace(settings, database_url=None, mlflow_tracking_uri=None)) as book:
        others = sorted(set(book.fleet.screen().rows) - {MODEL})
    if others:
        raise Refused(
            f"{settings.home} holds runs of {', '.join(others)}",
            "play it elsewhere: AUTOPILOT_HOME=.demo autopilot demo",
        )


def _ask(stage: Stage, run: str, now: str, planned: str, comment: str) -> None:
    """Answer the waiting run: a person at a terminal decides, else the demo's approver."""
    word = planned
    if not stage.answer:
        typed = _typed(f"\nYou are ana. Approve or deny? [{planned}] ")
        word = {"a": "approve", "approve": "approve", "d": "deny", "deny": "deny"}.get(typed, planned)
    stage.autopilot(word, run[:8], "--as", "ana", "--comment", comment, "--now", now)


def _typed(question: str) -> str:
    try:
        return input(question).strip().lower()
    except EOFError:  # nobody is there any more: the story goes on as it is planned
        return ""


def _known_model(stage: Stage) -> None:
    stage.act("A team's model is in production: version 1, alias champion, registered by the team's own script")
    stage.live("--until", "2026-02-08")
    with stores(stage.settings) as found:
        mlflow_schema(found, upgrade=False)
        environment = {
            **stage.environment(),
            "MLFLOW_TRACKING_URI": found.owner or "",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        printed = stage.script(CHAMPION, [str(stage.world)], environment)
    stage.tell(f"  {printed.strip().splitlines()[-1]}")


def _quiet(stage: Stage) -> None:
    stage.act("A quiet day: nothing to do, and the reason why")
    stage.autopilot("run", MODEL, "--now", "2026-02-08T00:00:00Z")


def _broken(stage: Stage) -> None:
    stage.act("Amounts arrive in cents: retraining would only teach the mistake")
    stage.live("--until", "2026-02-10")
    stage.autopilot("run", MODEL, "--now", "2026-02-10T00:00:00Z")


def _degraded(stage: Stage) -> None:
    stage.act("Fraudsters change: the model degrades, its own scores did not foresee it, a challenger is trained")
    stage.live("--until", "2026-03-08")
    stage.autopilot("run", MODEL, "--wait", "--now", "2026-03-08T00:00:00Z", expect=(3,))
    run = stage.latest()["run"]
    stage.autopilot("explain", run[:8])
    _ask(stage, run, "2026-03-08T09:30:00Z", "approve", "clear gain on the new pattern")


def _healed(stage: Stage) -> None:
    stage.act("The promoted model serves: healthy again")
    version = stage.latest()["champion"]
    stage.live(
        "--serve-with", str(_promoted(stage)), "--version", _next(version), "--from", "2026-03-08", "--days", "12"
    )
    stage.autopilot("run", MODEL, "--now", "2026-03-20T00:00:00Z")


def _refused(stage: Stage) -> None:
    stage.act("They change again; this time the approver says no")
    stage.live("--serve-with", str(_promoted(stage)), "--version", str(stage.latest()["champion"]), "--days", "23")
    stage.autopilot("run", MODEL, "--wait", "--now", "2026-04-12T00:00:00Z", expect=(3,))
    _ask(stage, stage.latest()["run"], "2026-04-12T10:00:00Z", "deny", "wait for the chargeback review")


def _told(stage: Stage) -> None:
    stage.act("What is left to look at")
    stage.autopilot("runs")
    typed = f"{stage.typed}.venv/bin/autopilot"
    stage.tell(f"\nTry: {typed} explain {MODEL} · {typed} report {MODEL} --html report.html")


def _next(version: str | None) -> str:
    return str(int(version or "0") + 1)


def _promoted(stage: Stage) -> Path:
    """Return the files of the version that was just promoted, where the registry keeps releases."""
    found = sorted(
        (stage.settings.home / "artifacts" / "releases").rglob("model.skops"), key=lambda path: path.stat().st_mtime
    )
    if not found:
        raise Unavailable("the demo found no released model to serve with")
    return found[-1]
