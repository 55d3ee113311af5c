"""The hands: one file per outside system, each behind a port of graph.ports."""
