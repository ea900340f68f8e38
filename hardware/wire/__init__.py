"""Wire formats, without I/O: what drivers and emulators both speak."""
