"""The profile of Hypothesis that all tests have: what a test draws depends on that test alone.

By `derandomize` the seed is the test's own; but constants are drawn, too, from whatever local modules are loaded, which
are others in each worker (findings/hypothesis_derandomize_modules.sh).
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis.internal.conjecture import providers

# None that are local. Those of Hypothesis itself are drawn as ever.
_NONE = providers.Constants()


def load() -> None:
    # No setting says so (6.170.15).
    providers._get_local_constants = lambda: _NONE
    # A busy machine is slow, and examples of another day would be drawn before the test's own.
    settings.register_profile("sowa", derandomize=True, database=None, deadline=None, print_blob=True)
    settings.load_profile("sowa")
