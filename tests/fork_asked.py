"""Asks tests/fork_server.py for `-P -m MODULE …` and ends as that ended: `fork_asked.py SOCKET -P -m MODULE …`.

It is run without site-packages, so that it starts in no time.
"""

import json
import os
import socket
import sys


def main() -> int:
    """Return the module's exit status, or end by the signal that it ended by."""
    asked = {"words": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        socket.send_fds(server, [json.dumps(asked).encode()], [1, 2])
        code = int(server.makefile().readline())
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
