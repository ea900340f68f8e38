"""What is said to a model and how its answers are read: templates as data, a tolerant reader."""
