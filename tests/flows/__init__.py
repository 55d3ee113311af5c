"""Whole runs with a real engine, graph and ledger, and fakes for the outside."""
