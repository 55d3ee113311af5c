"""All models together: which are due and who works on them, who is paused, where each stands, what an operator sees."""
