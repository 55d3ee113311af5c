"""How the address of a system is written in autopilot.yaml."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _address(value: str) -> str:
    try:
        found = urlsplit(value)
        _ = found.port, (found.hostname or "").encode("idna")
    except ValueError:  # a port that is no number, a name with an empty or endless part
        raise ValueError("an address is written like https://ci.example") from None
    if found.scheme not in ("http", "https") or not found.hostname:
        raise ValueError("an address is written like https://ci.example")
    if found.username or found.password:
        raise ValueError("an address holds no login: that comes from the environment")
    if found.query or found.fragment:
        raise ValueError("an address ends before ? and #")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


def is_in_the_clear(url: str) -> bool:
    """Tell whether what is sent to an address can be read on the way: not to this machine."""
    found = urlsplit(url)
    return found.scheme == "http" and not _is_here(found.hostname or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
