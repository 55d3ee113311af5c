"""The `auth` of langgraph.json, over the product itself."""

from autopilot.studio.guard import guard
from autopilot.studio.product import product

auth = guard(lambda: product().door)
