"""Another policy on a model's stored past: what it would have decided, beside what was decided. Reads, never writes."""
