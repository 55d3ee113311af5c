"""The memory: all that must survive a restart, in Postgres."""
