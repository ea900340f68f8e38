"""Gives a Python that a test starts the clock of that test."""

import fair_time

fair_time.begin()
