"""The portal's own settings, and on top of them the mutant that this run asks for."""

from sora_portal.settings import *  # noqa: F403
from sora_portal.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "chaos.apps.ChaosConfig"]
# No collectstatic: nobody looks at these pages.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
