"""What gunicorn is told: `gunicorn --config python:sora_portal.webserver.config sora_portal.wsgi`.

Two processes of four threads were the fastest here (docs/running.md); each may be set on the command line as well.
"""

import os

from sora_portal import startup_errors

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_portal.settings")
# Wrong settings end here with a sentence; and all processes write their logs in one time zone.
startup_errors.run(startup_errors.load_settings)

worker_class = "sora_portal.webserver.worker.Worker"
workers = 2
threads = 4
# Loaded once and forked: a new process answers at once, and its first visitor does not wait for a second of imports.
preload_app = True
# Memory that a library loses comes back: a process is replaced after so many requests, give or take some.
max_requests = 20_000
max_requests_jitter = 2_000
# Ctrl-C does not wait for a browser that plays a video.
graceful_timeout = 5
loglevel = "warning"
# No socket by which gunicorn could be told things.
control_socket_disable = True
