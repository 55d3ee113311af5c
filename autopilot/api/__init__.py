"""The HTTP interface: the same runs, answers and rules as on the command line, for programs and for the web page."""
