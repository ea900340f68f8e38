"""The parts of the supervisor: limits, watchdog, camera checks, stops that insist, what is told."""
