"""Data to learn from, out of recorded runs: chat, Hugging Face and LeRobot."""
