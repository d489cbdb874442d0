"""The step between us and Java, run as a program of its own: it becomes the node.

It drops root's rights, and ties the node's life to ours in the kernel, so that even a `kill -9` of ours ends it. Both
could be done between fork and exec in our own process, but that is unsafe once threads run, and Python 3.12 warns of
it. The order matters: changing the user clears the tie.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Become `command` as the user `uid` (-1: as we are), to end when the process `parent` does (0: never)."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the tie was there
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
