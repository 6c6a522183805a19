"""Log lines: one format, and no address in them that is a key in itself."""

import logging
import re

# An address that lets whoever has it act or look: a callback's, a picture's for the vendor, a link for a new password.
_TOKENS = re.compile(r"(/callbacks/|/password/reset/key/|/r/)[^/\s?#\"'<>]+")


class Lines(logging.Formatter):
    """Formats a record, its traceback included, with every such address cut short."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        return _TOKENS.sub(r"\1…", super().format(record))
