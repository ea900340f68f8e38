"""The satellite mock-up, part by part, each as it should be or with its defect."""
