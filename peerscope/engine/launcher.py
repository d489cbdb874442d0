"""Program that drops root's privileges, writes the node's configuration, ties its life to its parent's, and becomes it.

The kernel ends the node with its parent, even after a `kill -9`. Doing both between fork and exec in the parent is
unsafe once threads run, and Python 3.12 warns about it. The order matters: changing the user clears the tie. The
configuration is written after the change, because root must not write in a folder of the account: a symbolic link there
would lead root to any file.
"""

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Become `command` as the user `uid` (-1: the same user); end when the process `parent` does (0: never).

    Standard input has a JSON object of the texts of files to write, by path.
    """
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    for path, text in json.load(sys.stdin).items():
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent ended before the tie was made
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
