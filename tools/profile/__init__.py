"""The statistics engine: a reference becomes a profile, a window becomes counts, counts merge."""
