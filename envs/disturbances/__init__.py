"""What goes wrong in a world on purpose: wrappers around any registered environment."""
