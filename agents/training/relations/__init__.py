"""Training of the model that tells where things are."""
