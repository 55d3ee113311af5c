"""What can be seen of the process and its fleet from outside: numbers for Prometheus, lines of a log."""
