"""The job queue: rows of procrastinate in a schema of their own, in the ledger's database."""
