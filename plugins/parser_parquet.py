"""``file_format = parquet``: Apache Parquet, a row a record, its raw text the row as JSON.

Columns and members that are null are left out. Lists stay lists; structs and maps become objects. Timestamps are ISO 8601 text in UTC
(those without a zone are taken for UTC), dates and times of day text too, durations seconds. Whole decimals are numbers, others text;
bytes are text, with ``\\xNN`` for what is not UTF-8. It takes the package pyarrow. An object that starts with ``PAR1`` is read so
whatever ``file_format`` says.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from loader.api import Blocks, ConfigError, DecodeError, Limits, LogType, Overlong, Parser, Raws, Record
from plugins._parquet.values import Shapes

MAGIC = b"PAR1"
SPOOL = 16 * 1024**2  # bytes of an object that are kept in memory, others on disk: what is in it is told at its end
AHEAD = 16  # chunks of bytes, unpacked, that are read at once


class ParquetParser(Parser):
    """Read the rows of Parquet objects."""

    def open(self) -> None:
        """Import pyarrow, which is large and optional."""
        try:
            import pyarrow  # noqa: PLC0415
            import pyarrow.parquet  # noqa: PLC0415
        except ImportError as why:
            raise ConfigError(f"Parquet takes the package pyarrow: install it beside Sluice (pip install pyarrow): {why}") from why
        self.arrow: Any = pyarrow

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source. It raises DecodeError for what is no Parquet, and behind the rows that can be read of a broken one."""

        def read(blocks: Blocks) -> Iterator[Raws]:
            with tempfile.SpooledTemporaryFile(SPOOL) as spool:
                for block in blocks:
                    spool.write(block)
                if not spool.tell():
                    return
                spool.seek(0)
                if (head := spool.read(len(MAGIC))) != MAGIC:
                    raise DecodeError(f"no Parquet, though file_format says so: it starts with {head!r}, and not with {MAGIC!r}")
                try:
                    yield from self._rows(spool, limits)
                except (self.arrow.ArrowException, OSError, ValueError, TypeError, OverflowError, KeyError) as why:
                    raise DecodeError(f"broken Parquet: {' '.join(str(why).split())}") from why

        return read

    def _rows(self, spool: Any, limits: Limits) -> Iterator[Raws]:
        file = self.arrow.parquet.ParquetFile(spool, pre_buffer=False, buffer_size=SPOOL // 16, page_checksum_verification=True)
        readers = [self._reader(file.schema_arrow, lenient) for lenient in (False, True)]
        meta = file.metadata
        heaviest = max((group.total_byte_size // max(1, group.num_rows) for group in map(meta.row_group, range(meta.num_row_groups))), default=0)
        most = max(1, min(limits.chunk_records, AHEAD * limits.chunk_bytes // max(1, heaviest)))
        for batch in file.iter_batches(most, use_threads=False):
            try:
                rows = readers[0](batch)
            except UnicodeDecodeError:
                rows = readers[1](batch)
            yield _chunk(rows, limits.record_bytes)

    def _reader(self, schema: Any, lenient: bool) -> Callable[[Any], list[Record]]:
        """Return a function from a batch of rows to records."""
        shapes = [(field.name, field.type, *Shapes(self.arrow, lenient=lenient).of(field.type)) for field in schema]

        def rows(batch: Any) -> list[Record]:
            records: list[Record] = [{} for _ in range(batch.num_rows)]
            for column, (name, kind, storage, convert) in zip(batch.columns, shapes, strict=True):
                values = column if storage == kind else column.cast(storage)
                for record, value in zip(records, values.to_pylist(), strict=True):
                    if value is not None:
                        record[name] = value if convert is None else convert(value)
            return records

        return rows


def _chunk(records: list[Record], limit: int) -> Raws:
    texts = [json.dumps(record, ensure_ascii=False) for record in records]
    raws = Raws(texts, json.loads, records=records)
    if max(map(len, texts), default=0) > limit:
        fitting = [len(text) <= limit for text in texts]
        raws.texts = [text for text, fits in zip(texts, fitting, strict=True) if fits]
        raws.records = [record for record, fits in zip(records, fitting, strict=True) if fits]
        raws.broken = [(why.start, str(why)) for text in texts if len(text) > limit for why in [Overlong(text, limit)]]
        raws.places = sorted(range(len(texts)), key=lambda place: not fitting[place])  # those that fit, then the others
    return raws
