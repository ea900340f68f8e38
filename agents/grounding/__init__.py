"""Asking for spatial relations, verifying them, and judging a question by what is left."""
