"""A worker of its own process: `python -m tests.generations.dispatch.claimer START PK…` claims rows from `START` on.

Prints the keys of the rows that it may send.
"""

import sys
import time

import django


def main() -> None:
    """Claim each row as a woken worker would."""
    django.setup()
    from django.utils import timezone

    from sora_portal.generations.dispatch import claim

    time.sleep(max(0.0, float(sys.argv[1]) - time.time()))
    for pk in map(int, sys.argv[2:]):
        if claim.claim(pk, timezone.now()) is not None:
            sys.stdout.write(f"{pk}\n")


if __name__ == "__main__":
    main()
