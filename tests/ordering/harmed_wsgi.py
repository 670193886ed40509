"""The web server with a fault in it, for tests that look at it from outside.

PAUSE: “before the commit” of an order, or “before the answer” to it, the request stands still, and the file PAUSED
says so. SYNCHRONOUS: what SQLite does about the disk instead, set where the check at the start does not see it.
"""

import os
from pathlib import Path
from threading import Event

from django.db.backends.signals import connection_created

from ordering.wsgi import application as whole


def stand_still():
    Path(os.environ["PAUSED"]).touch()
    Event().wait()


def pause_after_the_insert(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.startswith('INSERT INTO "pos_bridge_addition"'):
        stand_still()
    return result


def harm(connection, **_):
    if os.environ.get("PAUSE") == "before the commit":
        connection.execute_wrappers.append(pause_after_the_insert)
    if level := os.environ.get("SYNCHRONOUS"):
        connection.cursor().execute(f"PRAGMA synchronous = {level}")


connection_created.connect(harm)


def application(environ, start_response):
    answer = whole(environ, start_response)
    if os.environ.get("PAUSE") == "before the answer" and environ["PATH_INFO"].endswith("/send/"):
        stand_still()
    return answer
