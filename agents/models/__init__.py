"""The chat models: local ones through transformers, scripted ones, providers by name."""
