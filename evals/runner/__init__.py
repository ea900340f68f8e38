"""Who runs the episodes of a plan: one at a time, in processes side by side, on a cluster."""
