"""The web server: gunicorn's processes around waitress's connections. See docs/adr/0015."""


def command(bind: str) -> list[str]:
    """Return the words after `python` that serve the portal at `bind`, for example 127.0.0.1:8000."""
    return ["-m", "gunicorn", "--config", "python:sora_portal.webserver.config", "sora_portal.wsgi", "--bind", bind]
