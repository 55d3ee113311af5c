"""Pure functions from measured values to verdicts and decisions: no clock, no I/O, no randomness."""
