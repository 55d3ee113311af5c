"""A real Postgres from a wheel's binaries, supervised by us: started on demand, stopped by its last user."""
