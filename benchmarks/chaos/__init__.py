"""The parts of `make chaos`: a town of models, what befalls it, and what happened, counted outside the product."""
