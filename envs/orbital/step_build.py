"""Compiles what is in `step`: cffi in API mode, run by setup.py. Without a compiler NumPy flies.

C rather than numba: 60 kB that are built once, against 150 MB and seconds at every start.
"""

import hashlib
import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent / "step"
header, *parts = (
    (HERE / name).read_bytes()
    for name in ("fleet.h", "vectors.c", "evader.c", "escort.c", "step.c")
)
made_of = hashlib.sha256(b"".join([header, *parts])).hexdigest()
MICROSOFT = sys.platform == "win32"

ffibuilder = FFI()
ffibuilder.cdef(header.decode())
ffibuilder.set_source(
    "helmsight.envs.orbital._step",
    f'#include <stdint.h>\n{header.decode()}\nconst char made_of[] = "{made_of}";\n'
    + b"".join(parts).decode(),
    # every product is rounded: what a world comes to depends on nothing that the compiler chose
    extra_compile_args=["/O2", "/fp:precise"] if MICROSOFT else ["-O3", "-ffp-contract=off"],
    libraries=[] if MICROSOFT else ["m"],
    optional=True,
)
