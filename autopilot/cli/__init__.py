"""The command line: arguments → verb → text or JSON → exit code. Heavy imports happen only inside a command."""
