"""Lady, bandit and guard (LBG1): the agent is the bandit, who has to reach the lady unguarded."""
