"""What the benchmark of spatial relations does unless it is told otherwise; imports nothing."""

STRATEGIES = "vanilla,bidirectional,transitive,combined,combined+verified"
"""What is compared."""
SWAPS = 200
"""Questions that are asked the other way round as well."""
SIZE = 256
"""Side of a generated picture, px."""
COCKPIT_SHARE = 0.25
"""Share of navballs among generated pictures."""
