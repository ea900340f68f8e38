"""What runs a local model besides transformers itself, which stays the oracle."""
