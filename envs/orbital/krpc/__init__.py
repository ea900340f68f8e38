"""The twin behind kRPC: unmodified clients of Kerbal Space Program connect to it and fly."""
