"""The WSGI entry point; `webserver` says how it is served."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_portal.settings")

application = get_wsgi_application()
