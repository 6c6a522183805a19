"""Numbers as people read them."""


def credits_text(milli: int | None) -> str:
    """Return milli-credits as credits: 40000 -> "40", 1250500 -> "1,250.5"; None -> "" (no limit to show)."""
    if milli is None:
        return ""
    whole, part = divmod(abs(milli), 1000)
    text = f"{whole:,}" + (f".{part:03d}".rstrip("0") if part else "")
    return f"−{text}" if milli < 0 else text


def about(seconds: float) -> str:
    """Return a duration as a rough promise: 40 -> "under a minute", 250 -> "about 4 min"."""
    if seconds < 50:
        return "under a minute"
    return f"about {round(seconds / 60)} min"


def clock(seconds: float) -> str:
    """Return a length as a player shows it: 75.2 -> "1:15"."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
