"""Champion and challenger scored on the same rows in a process of their own: child_process.py starts child.py."""
