"""Upkeep: what is old becomes small, then goes. `tending.tend` is the one way in, for a worker and for `db prune`."""
