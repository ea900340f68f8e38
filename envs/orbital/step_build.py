"""Compiles step.c: cffi in API mode, run by setup.py; without a compiler, the twin flies in NumPy.

C rather than numba: 60 kB that are built once, against 150 MB and seconds at every start.
"""

import hashlib
import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent
header, source = ((HERE / name).read_bytes() for name in ("step.h", "step.c"))
made_of = hashlib.sha256(header + source).hexdigest()
MICROSOFT = sys.platform == "win32"

ffibuilder = FFI()
ffibuilder.cdef(header.decode())
ffibuilder.set_source(
    "helmsight.envs.orbital._step",
    f'#include <stdint.h>\n{header.decode()}\nconst char made_of[] = "{made_of}";\n'
    + source.decode(),
    # every product is rounded: what a world comes to depends on nothing that the compiler chose
    extra_compile_args=["/O2", "/fp:precise"] if MICROSOFT else ["-O3", "-ffp-contract=off"],
    libraries=[] if MICROSOFT else ["m"],
    optional=True,
)
