"""Training of the model that tells what state a part is in."""
