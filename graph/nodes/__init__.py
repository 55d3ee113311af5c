"""One file per node: read state, ask a port, ask policy, return the update."""
