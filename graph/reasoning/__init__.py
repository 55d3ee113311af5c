"""What a language model is asked about a decision, the only shape it may answer in, and the check of its answer."""
