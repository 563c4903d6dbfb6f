"""Started by `run` beside it, or by Pulumi's Python host as `python policy`."""

import sys
from pathlib import Path

# Python put this folder first; the package is found from the one above.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from policy.registration import serve  # noqa: E402 - see above

serve()
