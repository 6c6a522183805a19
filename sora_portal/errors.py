"""The one exception by which a house rule says no.

Actions raise a `Refused` subclass; `web.middleware` turns it into a fragment or a page. Whatever is not a
`Refused` is a fault of ours and must look like one.
"""


class Refused(Exception):
    """A house rule said no, and the message is a sentence fit for the person who asked."""

    status = 409


class NotAllowed(Refused):
    """The person may see the thing but lacks the role to do this with it."""

    status = 403
