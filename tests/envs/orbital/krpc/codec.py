"""Sample types and values, and what a real client makes of them: `python codec.py < JSON lines`.

A line in: [name of the type, hex of bytes]. A line out: the bytes as the client writes the value
that it read there, so that a test can see both directions at once.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def client_types(types: Any) -> dict[str, Any]:
    """Return the sample types as the client has them."""
    double, text = types.double_type, types.string_type
    pair = types.tuple_type(text, types.sint64_type)
    return {
        "float": double,
        "Float": types.float_type,
        "int": types.sint32_type,
        "Long": types.sint64_type,
        "UInt32": types.uint32_type,
        "UInt64": types.uint64_type,
        "bool": types.bool_type,
        "str": text,
        "bytes": types.bytes_type,
        "vector": types.tuple_type(double, double, double),
        "pair": pair,
        "list": types.list_type(pair),
        "set": types.set_type(types.sint32_type),
        "dict": types.dictionary_type(text, types.list_type(double)),
    }


def echo(name: str, data: bytes) -> tuple[Any, bytes]:
    """Return the value that the client reads in `data`, and how it writes that itself."""
    from krpc.decoder import Decoder
    from krpc.encoder import Encoder
    from krpc.types import Types

    kind = client_types(Types())[name]
    value = Decoder.decode(None, data, kind)
    return value, Encoder.encode(value, kind)


def main() -> None:
    """Answer line by line."""
    for line in sys.stdin:
        name, data = json.loads(line)
        print(echo(name, bytes.fromhex(data))[1].hex())


if __name__ == "__main__":
    main()
