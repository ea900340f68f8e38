"""The game itself, or whatever else speaks its kRPC protocol, behind the environment contract."""
