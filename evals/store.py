"""Rows of an evaluation on disk: a log that grows by whole lines, and a Parquet file made of it.

`rows.jsonl` is the truth: a line is there as soon as its episode has ended, and a line that was cut
off when the process was killed is left out. `results.parquet` is written whole from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import decoded, read_text
from helmsight.contract.writing import write_whole
from helmsight.evals.episode import SCHEMA, EpisodeRow
from helmsight.evals.errors import ResultsUnusable
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.steplog import log_lines

if TYPE_CHECKING:
    import pyarrow

ROWS, PARQUET, SUITE = "rows.jsonl", "results.parquet", "suite.json"
REPORT = "report"
"""The folder of the report, within that of the results."""
EVERY = 200
"""Rows after which the Parquet file is written again while an evaluation runs."""
VERSION = b"helmsight.schema"


class Store:
    """The rows in a results folder, by key; the last line of a key counts.

    `keys` is the order of the table; rows of other keys stay in the log and are in no table.
    A store that is opened to be read writes nothing.

    Raises:
        ResultsUnusable: a damaged line, another schema, or a folder that cannot be written or is
            being written by another process.
    """

    def __init__(self, folder: Path, keys: Sequence[str] | None = None) -> None:
        self.folder = folder
        self.keys = None if keys is None else list(keys)
        self._rows, self._end = _whole_rows(folder / ROWS)
        self._log: AppendOnly | None = None
        self._since = 0

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._log = AppendOnly(self.folder / ROWS, durable=True)
            self._log.claim()
            self._rows, self._end = _whole_rows(self.folder / ROWS)
            self._log.cut(self._end)
        except BlockingIOError:
            self._close()
            raise ResultsUnusable.taken(self.folder) from None
        except OSError as error:
            self._close()
            raise self._unwritable(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.save()
        finally:
            self._close()

    def rows(self) -> list[EpisodeRow]:
        """Return the rows in the order of the table; all there are where no order was given."""
        if self.keys is None:
            return list(self._rows.values())
        return [self._rows[key] for key in self.keys if key in self._rows]

    def every_row(self) -> list[EpisodeRow]:
        """Return all rows of the log, those that are in no table as well."""
        return list(self._rows.values())

    def add(self, row: EpisodeRow) -> None:
        """Append a row; it is on the disk when this returns.

        Raises:
            ResultsUnusable: it cannot be written.
        """
        assert self._log is not None, "the store is open for reading only"
        line = json.dumps({"schema": SCHEMA, **row.to_dict()}, allow_nan=False)
        try:
            self._log.append(line.encode() + b"\n")
        except OSError as error:
            raise self._unwritable(error) from error
        self._rows[row.key] = row
        self._since += 1
        if self._since >= EVERY:
            self.save()

    def save(self) -> None:
        """Write `results.parquet` whole, as it was or as it is now and never half."""
        write_parquet(self.rows(), self.folder / PARQUET)
        self._since = 0

    def _close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _unwritable(self, error: OSError) -> ResultsUnusable:
        return ResultsUnusable(
            f"{self.folder} cannot be written ({error}); give another folder with --out"
        )


def read_rows(where: Path) -> list[EpisodeRow]:
    """Return the rows of a results folder (its table's, in their order) or of a Parquet file.

    Raises:
        ResultsUnusable: there is none, or it is damaged or of another schema.
    """
    if where.is_dir():
        if not (where / ROWS).is_file() and (where / PARQUET).is_file():
            return _read_parquet(where / PARQUET)
        if not (where / ROWS).is_file():
            raise ResultsUnusable(
                f"{where} holds no results: there is no {ROWS} in it; `helmsight evaluate SUITE "
                f"--out {where}` makes them"
            )
        return Store(where, table_keys(where)).rows()
    return _read_parquet(where)


def table_keys(folder: Path) -> list[str] | None:
    """Return the keys of a results folder's table in their order, None where none are named.

    Raises:
        ResultsUnusable: its `suite.json` is damaged or of another schema.
    """
    path = folder / SUITE
    if not path.is_file():
        return None
    return [str(key) for key in read_suite_file(path).get("keys", [])]


def read_suite_file(path: Path) -> dict[str, Any]:
    """Return what a `suite.json` holds.

    Raises:
        ResultsUnusable: it is damaged or of another schema.
    """
    try:
        data = parse_json(read_text(path, follow=False))
        _checked(data["schema"], str(path))
        if not isinstance(data.get("suite", {}), dict) or not isinstance(
            data.get("keys", []), list
        ):
            raise TypeError("suite or keys are of another kind")
        metrics = data.get("suite", {}).get("metrics", [])
        if not isinstance(metrics, list) or not all(isinstance(name, str) for name in metrics):
            raise TypeError("suite.metrics are no names")
        return dict(data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsUnusable(
            f"{path} is no description of an evaluation ({type(error).__name__}: {error})"
        ) from error


def write_parquet(rows: Iterable[EpisodeRow], path: Path) -> None:
    """Write rows as Parquet; the file is the old one or the new one, never half.

    Raises:
        ResultsUnusable: it cannot be written.
    """
    from pyarrow import parquet

    data = BytesIO()
    parquet.write_table(columns_of(rows), data)
    try:
        write_whole(path, data.getvalue())
    except OSError as error:
        raise ResultsUnusable(
            f"{path} cannot be written ({error}); give another folder with --out"
        ) from error


def columns_of(rows: Iterable[EpisodeRow]) -> pyarrow.Table:
    """Return rows as a table of columns."""
    import pyarrow

    return pyarrow.Table.from_pylist([row.to_dict() for row in rows], schema=_columns())


def _read_parquet(path: Path) -> list[EpisodeRow]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        version = (table.schema.metadata or {}).get(VERSION, b"none").decode()
        schema = _checked(int(version) if version.isdigit() else version, str(path))
        return [EpisodeRow.from_dict(entry, schema) for entry in table.to_pylist()]
    except (OSError, pyarrow.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ResultsUnusable(
            f"{path} holds no rows of an evaluation ({type(error).__name__}: {error})"
        ) from error


def _columns() -> pyarrow.Schema:
    """Return the columns of the Parquet file, with the version of the schema."""
    import pyarrow

    kinds = {
        "str": pyarrow.string(),
        "int": pyarrow.int64(),
        "bool": pyarrow.bool_(),
        "float": pyarrow.float64(),
        "float | None": pyarrow.float64(),
        "list[float]": pyarrow.list_(pyarrow.float64()),
    }
    entries = fields(EpisodeRow)
    columns = [pyarrow.field(entry.name, kinds[str(entry.type)]) for entry in entries]
    return pyarrow.schema(columns, metadata={VERSION: str(SCHEMA).encode()})


def _whole_rows(path: Path) -> tuple[dict[str, EpisodeRow], int]:
    """Return the rows of a log by key, and where its last whole line ends, bytes."""
    rows: dict[str, EpisodeRow] = {}
    end = 0
    try:
        lines = log_lines(path)
    except OSError as error:
        raise ResultsUnusable(f"the rows cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n") and number == len(lines):
            break  # cut off when its process was killed
        where = f"line {number} of {path}"
        try:
            data = parse_json(decoded(line, where))
            row = EpisodeRow.from_dict(data, _checked(data.pop("schema", None), where))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultsUnusable(
                f"{where} is no row of an evaluation ({type(error).__name__}: {error}); remove "
                "the line, and --resume runs its episode again"
            ) from error
        rows[row.key] = row
        end += len(line)
    return rows, end


def _checked(version: object, where: str) -> int:
    """Return a version of the schema that can be read."""
    if isinstance(version, int) and 1 <= version <= SCHEMA:
        return version
    raise ResultsUnusable(
        f"{where}: schema is {version!r}, and this Helmsight reads up to {SCHEMA}; read it with "
        "the version that wrote it"
    )
