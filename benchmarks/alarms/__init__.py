"""A log without drift, drawn as the counts that it would become."""
