"""What is made of an inspection: findings, a report for people, scores for benchmarks."""
