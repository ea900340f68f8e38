"""What every test shares: no network, no window, one thread per model."""

from __future__ import annotations

import os
import signal

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# a shell starts its background jobs with Ctrl-C ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)
