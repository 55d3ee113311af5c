"""The work of a fleet: which models are due, who checks them, who carries their runs on, and in which process."""
