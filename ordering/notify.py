"""`python -m ordering.notify`: hands one message to one address, in a process that may be killed (alarm_rounds.py).

It reads JSON from its standard input, so that no address with a password is seen in a list of processes, and says by
its exit status alone whether the message was taken: what Apprise prints may name the address. With `--understands` it
reads a list of addresses and writes which of them are ones. Nobody else loads Apprise, which takes 45 MB.
"""

import json
import logging
import signal
import sys

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType


def main() -> int:
    job = json.load(sys.stdin)
    if sys.argv[1:] == ["--understands"]:
        logging.disable(logging.CRITICAL)
        json.dump([bool(Apprise().add(address)) for address in job], sys.stdout)
        return 0
    # Whoever started this process may be gone: it ends by itself too.
    signal.setitimer(signal.ITIMER_REAL, job["deadline"])
    logging.disable(logging.CRITICAL)
    service = Apprise(asset=AppriseAsset(app_id="Tablée", app_desc="Tablée", app_url=""))
    taken = service.add(job["address"]) and service.notify(
        title=job["title"],
        body=job["body"],
        notify_type=NotifyType.WARNING,
        body_format=NotifyFormat.TEXT,
    )
    return 0 if taken else 1


if __name__ == "__main__":
    sys.exit(main())
