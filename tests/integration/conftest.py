"""Fixtures of the embedded Postgres' tests."""

from tests.integration.embedded_servers import ground, place, shared

__all__ = ["ground", "place", "shared"]
