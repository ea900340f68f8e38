"""The report of an evaluation: who is better, how sure that is, and what went wrong."""
