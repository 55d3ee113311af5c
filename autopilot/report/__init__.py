"""What a run saw, concluded and compared, as text for a terminal and as one self-contained page."""
