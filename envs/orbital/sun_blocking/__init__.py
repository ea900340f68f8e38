"""Sun blocking (SB1): the agent has to stand between the evader and the sun, and stay there."""
