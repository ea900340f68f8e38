"""A cell in which an arm with a wrist camera inspects a satellite, simulated by MuJoCo."""
