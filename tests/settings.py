"""Settings of the test run: the portal's own, with the environment that a test needs set beforehand."""

import os
import tempfile

os.environ.update(
    {
        "SORA_PORTAL_SECRET_KEY": "tests-only-" + "x" * 60,
        "SORA_PORTAL_FIELD_KEYS": "c29yYS1wb3J0YWwtdGVzdHMtb25seS1rZXktMDAwMDA=",
        "SORA_PORTAL_HTTPS": "0",
        "SORA_PORTAL_DEBUG": "0",
        "SORA_PORTAL_TEST_MODE": "1",
        "SORA_PORTAL_TIME_SCALE": os.environ.get("SORA_PORTAL_TIME_SCALE", "1"),
        "SORA_PORTAL_DATA_DIR": os.environ.get("SORA_PORTAL_TEST_DATA_DIR") or tempfile.mkdtemp(prefix="sora-portal-"),
        "SORA_PORTAL_LOG_LEVEL": "WARNING",
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    }
)
for name in ("DATABASE_URL",):
    if not os.environ[name]:
        del os.environ[name]
for vendor in ("RUXA", "APIXO", "SORA2API"):
    os.environ[f"SORA_PORTAL_{vendor}_URL"] = os.environ[f"SORA_PORTAL_{vendor}_KEY"] = ""

from sora_portal.settings import *  # noqa: E402, F403
from sora_portal.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in real life: threads that share one database in memory lock each other out at once.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    # No test pulls the plug of the machine, so none has to wait for the disk.
    options = DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")

# A password hash is meant to be slow; two hundred sign-ins in a suite are not.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No collectstatic before the tests: templates name static files by their plain names.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False
