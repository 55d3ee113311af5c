"""A first autopilot.yaml: what is seen in a log, what is asked of a person, and the text that comes of both."""
