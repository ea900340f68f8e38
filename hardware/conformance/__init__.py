"""One suite that any robot can be put to: real, emulated, or real firmware in an emulator.

pytest --pyargs helmsight.hardware.conformance --robot NAME --port PORT

It needs nothing but the port. The robot moves: each joint by `helmsight.hardware.trial.STEP` at
most, slowly, from where it stands. A tool is switched with --tool only: it may be a spindle.
"""
