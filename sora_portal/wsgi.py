"""The WSGI entry point; `webserver` says how it is served."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_portal.settings")

application = get_wsgi_application()
# Imports every view now and not with the first request.
_ = get_resolver().url_patterns

# After the settings: a portal that was restored must not end anything before a worker has looked.
from sora_portal.generations.restored.check import look_at_start  # noqa: E402

look_at_start()
