"""Any supervised robot with any camera, as a world."""
