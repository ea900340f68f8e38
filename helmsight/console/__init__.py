"""The operator's console: a web page on which people watch runs, stop them, correct them."""
