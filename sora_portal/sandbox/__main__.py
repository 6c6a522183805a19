"""`python -m sora_portal.sandbox --port N`: the sandbox without Django."""

import sys

from sora_portal.sandbox.cli import main

if __name__ == "__main__":
    sys.exit(main())
