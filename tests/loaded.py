"""What a process that forks has loaded: the portal as a worker or a web server has it, without any connection."""

import django

django.setup()

import gunicorn.app.wsgiapp  # noqa: E402, F401
from django.urls import get_resolver  # noqa: E402

import sora_portal.operations.management.commands.work  # noqa: E402
import sora_portal.webserver.worker  # noqa: E402
import sora_portal.wsgi  # noqa: E402, F401

_ = get_resolver().url_patterns
