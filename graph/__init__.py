"""The brain: state, nodes, policy and ports. Read build.py first."""
