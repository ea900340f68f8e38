"""UI, kRPC's service for windows and texts, without a screen: objects keep what clients set."""

from helmsight.envs.orbital.krpc.ui import containers, widgets
from helmsight.envs.orbital.krpc.ui.service import service

__all__ = ["containers", "service", "widgets"]
