"""gunicorn's configuration: several processes, forked after the software was loaded, each with a file in web/."""

import os
from pathlib import Path
from typing import Any

from tests.torture.plan import Plan

_plan = Plan.of_this_process()
_pids = Path(_plan.directory) / "web"

wsgi_app = "ordering.wsgi:application"
bind = f"127.0.0.1:{_plan.port}"
workers = _plan.web_children
worker_class = "gthread"
threads = 6
preload_app = True
# So that at a deploy the new server takes requests before the old one has ended.
reuse_port = True
graceful_timeout = 10
timeout = 10
loglevel = "error"


def post_fork(server: Any, worker: Any) -> None:
    (_pids / f"{os.getppid()}-{os.getpid()}").touch()
