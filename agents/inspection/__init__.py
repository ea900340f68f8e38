"""Inspecting: what a part is asked about, and what the answers come to."""
