"""What is wrong with the machine or the settings, as a sentence and not as a traceback."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable

_NOT_WRITABLE = "Make it writable for this account, or choose another folder: SORA_PORTAL_DATA_DIR=..."
_WORDS = {
    errno.ENOSPC: "The disk is full ({where}). Make room and start again; what was kept is still there.",
    errno.EDQUOT: "The disk quota is used up ({where}). Make room and start again; what was kept is still there.",
    errno.EROFS: "{where} is on a disk that cannot be written to. " + _NOT_WRITABLE,
    errno.EACCES: "{where} may not be read or written by this account. " + _NOT_WRITABLE,
    errno.EPERM: "{where} may not be changed by this account. " + _NOT_WRITABLE,
    errno.ENOTDIR: "{where} is not a folder. Choose another: SORA_PORTAL_DATA_DIR=...",
    errno.EISDIR: "{where} is a folder, and a file is wanted there.",
    errno.EEXIST: "{where} is in the way: a folder is wanted there. Choose another: SORA_PORTAL_DATA_DIR=...",
}
_IN_THE_DATABASE = {
    "database or disk is full": "The disk is full, so the database cannot be written.",
    "readonly database": "The database may not be written by this account, or its disk cannot be written to.",
    "unable to open database file": "The database file cannot be opened: its folder is missing, closed or full.",
    "disk I/O error": "The disk of the database does not work, or is full.",
    "file is not a database": "What DATABASE_URL names is not a database of SQLite.",
}


def explained(error: BaseException) -> str | None:
    """Return the sentence for an error that is the machine's or the settings', None for one that is ours."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError, InterfaceError

    if isinstance(error, ImproperlyConfigured):
        return f"The settings cannot be used: {error}"
    if isinstance(error, OSError) and error.errno in _WORDS:
        return _WORDS[error.errno].format(where=error.filename or "the data folder")
    if isinstance(error, DatabaseError | InterfaceError):
        said = str(error).strip()
        known = next((words for part, words in _IN_THE_DATABASE.items() if part in said), None)
        if known or type(error).__name__ in ("OperationalError", "InterfaceError"):
            return f"{known or 'The database cannot be used.'} It says: {said} (DATABASE_URL, docs/settings.md)"
    return None


def load_settings() -> None:
    """Read the settings now, so that what is wrong with them is said once and first."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        _ = settings.DATA_DIR
    except ValueError as error:
        raise ImproperlyConfigured(f"{error} (docs/settings.md)") from error


def run(work: Callable[[], object]) -> None:
    """Do `work`; end with status 1 and a sentence when the machine or the settings do not allow it."""
    try:
        work()
    except Exception as error:
        sentence = explained(error)
        if sentence is None or "--traceback" in sys.argv:
            raise
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{sentence}\n")
            sys.stderr.flush()
        # Not sys.exit: what is left to write at the end may fail in the same way.
        os._exit(1)
