"""Our suites as tasks of Inspect AI, with its models as pilots."""
