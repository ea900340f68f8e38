"""Adapters for models of any size, out of data that `helmsight export` wrote."""
