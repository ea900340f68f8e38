"""Instruments an operator works with: marks, the recorder and its player."""
