"""A small simulated payments world: start with README.md."""
