"""Each benchmark prints a ratio against a named floor or peer, measured side by side in one run."""
