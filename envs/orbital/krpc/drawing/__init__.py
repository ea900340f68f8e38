"""Drawing, kRPC's service for lines and texts in space, without a screen: all of it is kept."""

from helmsight.envs.orbital.krpc.drawing import procedures
from helmsight.envs.orbital.krpc.drawing.service import service

__all__ = ["procedures", "service"]
