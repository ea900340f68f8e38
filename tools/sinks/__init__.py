"""Other viewers and collectors that a run can be shown to, each by a listener of its own."""
