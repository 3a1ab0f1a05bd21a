"""`python -m cot_magic.cli`."""

import sys

from cot_magic.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
