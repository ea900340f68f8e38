"""The cockpit: one vessel's state drawn as a flight screen in KSP's layout."""
