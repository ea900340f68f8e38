"""Compiles what is written in C: cffi in API mode, run by setup.py. Without a compiler there is
none of it, and NumPy and OpenCV do its work.

C rather than numba: 100 kB that are built once, against 150 MB and seconds at every start.
"""

import hashlib
import sys
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parent.parent
MICROSOFT = sys.platform == "win32"


def module(name: str, folder: str, *names: str) -> FFI:
    """Return what compiles the files `names` in `folder`, a header first, to a module `name`."""
    header, *parts = ((ROOT / folder / name).read_bytes() for name in names)
    made_of = hashlib.sha256(b"".join([header, *parts])).hexdigest()
    builder = FFI()
    builder.cdef(header.decode())
    builder.set_source(
        name,
        f'#include <stdint.h>\n{header.decode()}\nconst char made_of[] = "{made_of}";\n'
        + b"".join(parts).decode(),
        # every product is rounded: what comes out depends on nothing that the compiler chose
        extra_compile_args=["/O2", "/fp:precise"] if MICROSOFT else ["-O3", "-ffp-contract=off"],
        libraries=[] if MICROSOFT else ["m"],
        optional=True,
    )
    return builder


step = module(
    "helmsight.envs.orbital._step", "envs/orbital/step",
    "fleet.h", "vectors.c", "evader.c", "escort.c", "step.c",
)  # fmt: skip
area = module("helmsight.tools._area", "tools/area", "area.h", "area.c")
