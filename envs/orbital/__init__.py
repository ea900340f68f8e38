"""The orbital twin: two-body Kerbin, KSPDG's public scenarios, vehicles, bots and scores."""
