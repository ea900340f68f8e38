"""Helmsight for clients of the Model Context Protocol: they look, propose, and people agree."""
