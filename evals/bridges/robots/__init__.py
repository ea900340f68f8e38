"""The plug-in for inspect-robots: a policy, an embodiment, a task and scorers."""
