"""How the address of a system is written in autopilot.yaml."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _address(value: str) -> str:
    found = urlsplit(value)
    if found.scheme not in ("http", "https") or not found.hostname:
        raise ValueError("an address is written like https://ci.example")
    if found.username or found.password:
        raise ValueError("an address holds no login: that comes from the environment")
    if found.query or found.fragment:
        raise ValueError("an address ends before ? and #")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
