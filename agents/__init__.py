"""Who decides: the operator graph, the chat models behind it and the scripted pilots."""
