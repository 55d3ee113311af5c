"""Every setting of the process, read from the environment once. Nothing else reads it."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from autopilot.clock import FixedClock, SystemClock, parse
from graph.advice import TokenCaps
from graph.errors import Misconfigured
from graph.ports import Clock
from tools.plugins import LOGIN

ALERTS_SECRET = "AUTOPILOT_ALERTS_SECRET"  # noqa: S105 - a variable's name
"""Among the logins: what alerts are signed with."""
OWN_SERIES = 20
"""How many models have series of their own at /metrics where nobody says."""
LogForm = Literal["text", "json"]
_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Settings:
    """The process's settings. Values that carry a secret stay out of `repr`."""

    config: Path
    home: Path
    user: str | None
    os_user: str
    now: datetime | None
    postgres_bin: Path | None
    postgres_account: str | None
    langsmith_endpoint: str | None
    langsmith_project: str
    langsmith_tracing: bool
    path: str
    lang: str
    user_home: str
    llm_model: str | None
    llm_timeout_s: int
    llm_caps: TokenCaps
    log: LogForm = "text"
    own_series: int = OWN_SERIES
    database_url: str | None = field(default=None, repr=False)
    mlflow_tracking_uri: str | None = field(default=None, repr=False)
    trainer_tracking_uri: str | None = field(default=None, repr=False)
    langsmith_api_key: str | None = field(default=None, repr=False)
    llm_api_key: str | None = field(default=None, repr=False)
    llm_base_url: str = field(default=_OPENAI, repr=False)
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the adapters log in with, by the name of its variable: AUTOPILOT_<KIND>_…"""
    running: Clock | None = None
    """The clock of a process that stays: with --now it starts there and runs on."""

    @property
    def clock(self) -> Clock:
        """The clock that every command of this process reads."""
        return self.running or (FixedClock(self.now) if self.now else SystemClock())

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that may appear in no log, trace, row or error."""
        given = (
            self.database_url,
            self.mlflow_tracking_uri,
            self.trainer_tracking_uri,
            self.langsmith_api_key,
            self.llm_api_key,
            *(value for name, value in self.logins.items() if not name.endswith("_USER")),
        )
        return tuple(value for value in given if value)


def load(
    environ: Mapping[str, str] | None = None,
    *,
    config: str | None = None,
    now: str | None = None,
    user: str | None = None,
    log: str | None = None,
) -> Settings:
    """Return the settings of this process; what a command line gave wins over the environment."""
    env = os.environ if environ is None else environ
    at = now or env.get("AUTOPILOT_NOW")
    return Settings(
        config=Path(config or env.get("AUTOPILOT_CONFIG") or "autopilot.yaml"),
        home=Path(env.get("AUTOPILOT_HOME") or ".autopilot").absolute(),
        user=user or env.get("AUTOPILOT_USER") or None,
        os_user=_os_user(),
        now=parse(at, "--now" if now else "AUTOPILOT_NOW") if at else None,
        postgres_bin=Path(env["AUTOPILOT_POSTGRES_BIN"]) if env.get("AUTOPILOT_POSTGRES_BIN") else None,
        postgres_account=env.get("AUTOPILOT_POSTGRES_ACCOUNT") or None,
        langsmith_endpoint=env.get("LANGSMITH_ENDPOINT") or None,
        langsmith_project=env.get("LANGSMITH_PROJECT") or "autopilot",
        langsmith_tracing=env.get("LANGSMITH_TRACING", "true").lower() not in ("false", "0", "no"),
        path=env.get("PATH") or os.defpath,
        lang=env.get("LANG") or "C.UTF-8",
        user_home=env.get("HOME") or os.sep,
        database_url=env.get("DATABASE_URL") or None,
        mlflow_tracking_uri=env.get("MLFLOW_TRACKING_URI") or None,
        trainer_tracking_uri=env.get("AUTOPILOT_TRAINER_TRACKING_URI") or None,
        langsmith_api_key=env.get("LANGSMITH_API_KEY") or None,
        llm_api_key=env.get("AUTOPILOT_LLM_API_KEY") or None,
        llm_base_url=env.get("AUTOPILOT_LLM_BASE_URL") or _OPENAI,
        llm_model=env.get("AUTOPILOT_LLM_MODEL") or None,
        llm_timeout_s=_count(env, "AUTOPILOT_LLM_TIMEOUT", 30),
        llm_caps=_caps(env, TokenCaps()),
        log=_log_form(log or env.get("AUTOPILOT_LOG") or "text"),
        own_series=_count(env, "AUTOPILOT_METRICS_MODELS", OWN_SERIES, least=0),
        logins={name: value for name, value in env.items() if LOGIN.fullmatch(name) and value},
    )


def prepare(values: Mapping[str, str]) -> None:
    """Set variables that a library reads at import and takes by no other way."""
    os.environ.update(values)


def replace_environment(values: Mapping[str, str]) -> None:
    """Let this process, a fork, have exactly these variables."""
    os.environ.clear()
    os.environ.update(values)


def _caps(env: Mapping[str, str], usual: TokenCaps) -> TokenCaps:
    return TokenCaps(
        per_check=_count(env, "AUTOPILOT_LLM_TOKENS_PER_CHECK", usual.per_check),
        per_model_per_day=_count(env, "AUTOPILOT_LLM_TOKENS_PER_MODEL_PER_DAY", usual.per_model_per_day),
        per_day=_count(env, "AUTOPILOT_LLM_TOKENS_PER_DAY", usual.per_day),
    )


def _log_form(given: str) -> LogForm:
    if given not in ("text", "json"):
        raise Misconfigured(f"AUTOPILOT_LOG is {given!r}", "write text, or json")
    return "json" if given == "json" else "text"


def _count(env: Mapping[str, str], name: str, usual: int, least: int = 1) -> int:
    given = env.get(name) or str(usual)
    if not (given.isascii() and given.isdecimal() and least <= int(given) < 2**31):
        raise Misconfigured(f"{name} is {given!r}", f"a whole number from {least} on, such as {usual}")
    return int(given)


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a uid without a passwd entry has no name
        return f"uid {os.geteuid()}"
