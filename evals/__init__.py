"""Suites of pilots over scenarios and seeds, and the statistics of their results."""
