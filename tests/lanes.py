"""Run commands in lanes, one lane on each core: `python tests/lanes.py "a" "b" -- "c" "d"`.

The commands of a lane follow each other, the lanes run side by side. What a command prints comes when it has ended, in
one piece. All of them run, whatever fails; then the status is 1.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

_printing = threading.Lock()


def run(command: str) -> int:
    """One command of the shell; its status."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        status = subprocess.run(  # noqa: S602  (the Makefile's own words)
            command, shell=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        ).returncode
        output.seek(0)
        told = output.read().decode(errors="replace")
    with _printing:
        took = time.monotonic() - began
        print(f"== {command}\n{told.rstrip()}\n== ended with {status} after {took:.0f} s\n")
        sys.stdout.flush()
    return status


def main(words: Sequence[str]) -> int:
    lanes: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            lanes.append([])
        else:
            lanes[-1].append(word)
    statuses: list[int] = []

    def follow(lane: list[str]) -> None:
        for command in lane:
            statuses.append(run(command))

    threads = [threading.Thread(target=follow, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(any(statuses) or not statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
