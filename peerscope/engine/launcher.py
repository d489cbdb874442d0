"""Program that drops root's privileges, ties its life to its parent's, and then becomes the node.

The kernel ends the node with its parent, even after a `kill -9`. Doing both between fork and exec in the parent is
unsafe once threads run, and Python 3.12 warns about it. The order matters: changing the user clears the tie.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Become `command` as the user `uid` (-1: the same user); end when the process `parent` does (0: never)."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent ended before the tie was made
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
