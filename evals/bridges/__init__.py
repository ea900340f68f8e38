"""Our worlds, pilots and suites in the evaluation frameworks of others."""
