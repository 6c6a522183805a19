"""Settings, read once from the environment (and from a `.env` file beside manage.py).

`docs/settings.md` explains every SORA_PORTAL_* variable; a test compares the two. Defaults are those of production:
what loosens them (plain http, test mode) has to be asked for, as `make run` does in the `.env` that it writes.
"""

import warnings
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from sora_portal import private_files

# Lets classes such as `ModelAdmin[Project]` name their model for the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def _origin(name: str, default: str = "") -> str:
    """Return the URL in environment variable `name` without its trailing slash."""
    return str(env.str(name, default=default)).rstrip("/")


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings for the database at `url`."""
    try:
        with warnings.catch_warnings(action="ignore"):
            found: dict[str, Any] = env.db_url_config(url)
    except ValueError:
        found = {}
    # A database in memory is another one for each process.
    if found.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql") or found.get(
        "NAME"
    ) in ("", ":memory:"):
        # Not with the value: it may hold a password.
        raise ImproperlyConfigured("DATABASE_URL has to be sqlite:///path or postgres://user:password@host:port/name.")
    return found


# -- the portal's own seams ------------------------------------------------------------------------------------------
SORA_PORTAL_TEST_MODE = env.bool("SORA_PORTAL_TEST_MODE", default=False)
SORA_PORTAL_TIME_SCALE = env.float("SORA_PORTAL_TIME_SCALE", default=1.0)
SORA_PORTAL_PUBLIC_URL = _origin("SORA_PORTAL_PUBLIC_URL")
SORA_PORTAL_SANDBOX_URL = _origin("SORA_PORTAL_SANDBOX_URL", "http://127.0.0.1:8001")
# Whether a connection without a key goes to the sandbox. `make run` says yes; elsewhere such a connection is closed, or
# a lost key would turn a paid connection into one that makes practice clips.
SORA_PORTAL_SANDBOX = env.bool("SORA_PORTAL_SANDBOX", default=SORA_PORTAL_TEST_MODE)
# The sandbox makes a video in seconds where a vendor takes minutes; polling it keeps the same proportion.
SORA_PORTAL_SANDBOX_PACE = env.float("SORA_PORTAL_SANDBOX_PACE", default=0.05)
SORA_PORTAL_VENDORS: dict[str, dict[str, str]] = {
    vendor: {
        "url": _origin(f"SORA_PORTAL_{vendor.upper()}_URL"),
        "key": env.str(f"SORA_PORTAL_{vendor.upper()}_KEY", default=""),
    }
    for vendor in ("ruxa", "apixo", "sora2api")
}
SORA_PORTAL_ORGANISATION = env.str("SORA_PORTAL_ORGANISATION", default="your team")
SORA_PORTAL_DEMO_PASSWORD = env.str("SORA_PORTAL_DEMO_PASSWORD", default="")
# A vendor may fetch a picture as long as it may wait in the vendor's queue; real hours, whatever the time scale.
SORA_PORTAL_PICTURE_HOURS = env.int("SORA_PORTAL_PICTURE_HOURS", default=48)
SORA_PORTAL_MEDIA_MAX_BYTES = env.int("SORA_PORTAL_MEDIA_MAX_BYTES", default=1024**3)

# Empty: `journal/` in the data folder. Several hosts have to see the same one.
SORA_PORTAL_JOURNAL_DIR = env.str("SORA_PORTAL_JOURNAL_DIR", default="")
DATA_DIR = Path(env.str("SORA_PORTAL_DATA_DIR", default=str(BASE_DIR / "var"))).expanduser().resolve()
DATABASES = {"default": _database(env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
_on_sqlite = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
private_files.from_now_on()
private_files.prepare(DATA_DIR, ("media", "run", "spool"), DATABASES["default"]["NAME"] if _on_sqlite else "")

# -- secrets and switches --------------------------------------------------------------------------------------------
DEBUG = env.bool("SORA_PORTAL_DEBUG", default=False)
HTTPS = env.bool("SORA_PORTAL_HTTPS", default=True)
SECRET_KEY = env.str("SORA_PORTAL_SECRET_KEY", default="")
SORA_PORTAL_FIELD_KEYS = env.list("SORA_PORTAL_FIELD_KEYS", default=[])
if not SECRET_KEY or not SORA_PORTAL_FIELD_KEYS:
    raise ImproperlyConfigured(
        "SORA_PORTAL_SECRET_KEY and SORA_PORTAL_FIELD_KEYS are not set. `make run` writes both into .env on its first"
        " run; in production set them in the environment (see docs/settings.md)."
    )
ALLOWED_HOSTS = env.list("SORA_PORTAL_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("SORA_PORTAL_TRUSTED_ORIGINS", default=[])

SECURE_SSL_REDIRECT = HTTPS
# Probes come from inside, by the machine's address and over plain http.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# A browser keeps to https for so long, whatever becomes of the certificate: an hour until a larger number is chosen.
# Other hosts of the domain, and the lists built into browsers (preload), are not the portal's to decide.
SECURE_HSTS_SECONDS = env.int("SORA_PORTAL_HSTS_SECONDS", default=3600) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SORA_PORTAL_HSTS_SUBDOMAINS", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    # A browser takes such a cookie from this host over https only, so no other subdomain can plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# -- applications ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "sora_portal.operations",
    "sora_portal.reviews",
    "sora_portal.outputs",
    "sora_portal.budgets",
    "sora_portal.generations",
    "sora_portal.drafts",
    "sora_portal.ledger",
    "sora_portal.references",
    "sora_portal.projects",
    "sora_portal.catalog",
    "sora_portal.accounts",
    "sora_portal.installation",
    "sora_portal.uptime",
    "sora_portal.web",
    "sora_portal.sandbox",
    "sora_portal.accounts.back_office.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "template_partials.apps.SimpleAppConfig",
    "django_htmx",
    "django_q",
    "allauth",
    "allauth.account",
    "csp",
]

MIDDLEWARE = [
    # First, because an unchanged poll is by far the most frequent request and needs nothing of what follows.
    "sora_portal.generations.feed.middleware.FeedMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "sora_portal.web.middleware.Headers",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sora_portal.web.middleware.NoStore",
    # Before whatever looks at the Host header, and after what sets headers.
    "sora_portal.operations.health.views.Probes",
    "sora_portal.web.middleware.CleanInput",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sora_portal.web.middleware.LoginRedirect",
    "sora_portal.web.middleware.FormAddresses",
    "sora_portal.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "sora_portal.urls"
WSGI_APPLICATION = "sora_portal.wsgi.application"

_loaders: list[Any] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
if not DEBUG:
    _loaders = [("django.template.loaders.cached.Loader", _loaders)]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", _loaders)],
            "builtins": ["template_partials.templatetags.partials", "sora_portal.web.templatetags.portal"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sora_portal.generations.studio.context.navigation",
                "sora_portal.budgets.requests.context.waiting",
                "sora_portal.installation.context.safe",
            ],
        },
    }
]
FORM_RENDERER = "sora_portal.web.forms.PortalFormRenderer"

# -- database, cache, queue ------------------------------------------------------------------------------------------
DATABASES["default"]["CONN_MAX_AGE"] = None
if _on_sqlite:
    # Measured in docs/adr/0004: without IMMEDIATE, a writer that began as a reader fails with "database is locked".
    # FULL, because a committed intent must survive a power cut: it is all that is known of a video being paid for.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A process that is frozen inside a transaction keeps its row locks, and others would wait for it for ever. None of
    # our transactions waits for anything but the database, so the server may end one that rests for ten seconds.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c idle_in_transaction_session_timeout=10000")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# allauth counts sign-in attempts in the cache, so it has to be one that all processes share.
REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "VERSION": 2,
        "OPTIONS": {"serializer": "sora_portal.shared_cache.Values"},
    }
    if REDIS_URL
    else {
        "BACKEND": "sora_portal.shared_cache.TableCache",
        "LOCATION": "portal_cache",
        # Entries of version 1 were pickled.
        "VERSION": 2,
        # Django's 300 could be filled with made-up names, and the counts of attempts would be thrown out for them.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # django-q2 writes a cluster's statistics twice a second; nobody but that process reads them.
    "queue": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "queue"},
}

SWEEP_CLUSTER = "sweep"
_cluster: dict[str, Any] = {
    "orm": "default",
    "broker_class": "sora_portal.broker.Queue",
    "poll": 0.1,
    # Entries that lie in a cluster's memory are passed by nobody, however urgent, and helped with by no other cluster.
    "queue_limit": 1,
    "timeout": 900,
    "retry": 1000,
    # A task that fails has left its row as it was; the sweep wakes it again. The queue must not do that as well.
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    # The rows are the record; keeping successes would be one more write for each wake-up.
    "save_limit": -1,
    "cache": "queue",
    "label": "Queue",
}
Q_CLUSTER: dict[str, Any] = {
    **_cluster,
    "name": "work",
    "workers": env.int("SORA_PORTAL_WORKERS", default=3),
    "bulk": 1,
    # What is done once an hour is a turn that a watchdog claims (credits.reconciling); no schedule row is ever run.
    "scheduler": False,
    "ALT_CLUSTERS": {
        SWEEP_CLUSTER: {
            **_cluster,
            "name": SWEEP_CLUSTER,
            "workers": 2,
            "timeout": 90,
            "retry": 120,
            "recycle": 200,
        }
    },
}

# -- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["sora_portal.accounts.adapter.OnePersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "sora_portal.accounts.passwords.HoldsNoName"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "generations:studio"
ACCOUNT_ADAPTER = "sora_portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
# No cookie of its own for the sentence that the next page shows.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {"reset_password": "sora_portal.accounts.forms.ResetForm"}
# A person hears of every change to how they sign in, by mail.
ACCOUNT_EMAIL_NOTIFICATIONS = True
PASSWORD_RESET_TIMEOUT = 3600
# How many proxies of ours stand in front; allauth limits sign-in attempts by the address they report.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("SORA_PORTAL_PROXIES", default=0)

# The only files that people upload are pictures. What is larger is dropped while it comes in, not stored first.
FILE_UPLOAD_HANDLERS = [
    "sora_portal.web.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# -- files, language, time -------------------------------------------------------------------------------------------
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en"
USE_TZ = True
# The organisation's zone: months of the budget begin and end in it.
TIME_ZONE = env.str("SORA_PORTAL_TIME_ZONE", default="UTC")
# No letters by default: printed ones would put links for a new password into the log.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="dummymail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
SORA_PORTAL_MAIL_FROM = env.str("SORA_PORTAL_MAIL_FROM", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "class": "sora_portal.web.log_lines.Lines",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            # With the offset: an administrator's clock need not be the organisation's.
            "datefmt": "%Y-%m-%d %H:%M:%S%z",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("SORA_PORTAL_LOG_LEVEL", default="INFO")},
    "loggers": {
        # httpx logs every request line at INFO; a status URL carries a task id and nothing that we want twice.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Three lines for each task at INFO, and the watchdog's pulse is a task every two seconds.
        "django-q": {"level": "WARNING"},
    },
}
