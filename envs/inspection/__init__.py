"""A cell in which an arm with a wrist camera inspects a satellite, simulated by MuJoCo."""

from helmsight.hardware.gl import choose_gl

choose_gl()  # before any module of this package imports MuJoCo
