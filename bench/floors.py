"""The floors: what the best program in CPython could not go below with the same objects, for each type by the shortest code there is for it.

``bare``: gunzip in blocks, split (or ``orjson.loads`` each record), dump what was parsed. ``document``: the same, but what is dumped has the
members and the bytes of a full document: the record's own fields, its raw text, and the objects of ECS, which are simply the same for all.
Neither knows a log type's rules, checks a value, counts, recovers from bad data, or sends anything.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from isal import igzip_lib

from loader.batch import Source
from loader.config import load
from loader.engine import HOME, Engine, Task

Split = Callable[[str], list[str]]
BLOCK = 1024 * 1024


def alb(line: str) -> list[str]:
    """Quotes first: what is between them needs no second look."""
    part = line.split('"')
    return [*part[0].split(), part[1], part[3], *part[4].split(), part[5], part[7], part[9], *part[10].split(), *part[11::2], *part[24].split()]


def s3accesslog(line: str) -> list[str]:
    """As ``alb``; the two halves of the time stay apart."""
    part = line.split('"')
    return [*part[0].split(), part[1], *part[2].split(), part[3], part[5], *part[6].split()]


SPLITS: dict[str, Split] = {"vpcflowlogs": str.split, "alb": alb, "s3accesslog": s3accesslog}


def blocks(path: Path) -> Iterator[str]:
    """Gunzip as a stream; what is generated is ASCII, so that a block may be cut anywhere."""
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            while (text := member.decompress(block, BLOCK)) or not member.needs_input:
                yield text.decode()
                block = b""
                if member.eof:
                    break


def pieces(path: Path, end: str) -> Iterator[list[str]]:
    """Yield the pieces of a text between ``end``, a block's at a time."""
    rest = ""
    for block in blocks(path):
        *whole, rest = (rest + block).split(end)
        yield whole
    if rest:
        yield [rest]


def lines_of(path: Path) -> Iterator[list[str]]:
    """Yield the lines of a text but its header, if it has one."""
    for lines in pieces(path, "\n"):
        yield lines[1:] if lines[0].startswith("version ") else lines


def events(path: Path) -> Iterator[list[str]]:
    """Yield the texts of CloudTrail's records. They are cut by the words that they begin with: no program may do that, none is faster."""
    begin, ahead = '{"eventVersion":', 1  # the first piece is what stands before the first record
    for texts in pieces(path, begin):
        yield [begin + (text[:-1] if text[-1] == "," else text.removesuffix("]}\n")) for text in texts[ahead:]]
        ahead = 0


def bare(log_type: str, path: Path) -> tuple[int, int]:
    """Run the bare floor; returns records and bytes."""
    count = size = 0
    if split := SPLITS.get(log_type):
        names = [f"field_{n}" for n in range(40)]
        for lines in lines_of(path):
            size += sum([len(orjson.dumps(dict(zip(names, split(line), strict=False)))) for line in lines])
            count += len(lines)
        return count, size
    for texts in events(path):
        size += sum([len(orjson.dumps(orjson.loads(text))) for text in texts])
        count += len(texts)
    return count, size


def document(log_type: str, path: Path, model: dict[str, Any]) -> tuple[int, int]:
    """Run the document floor; ``model`` is one document as it is delivered. Returns records and bytes."""
    count = size = 0
    names = list(model)[: list(model).index("@message")]
    rest = {name: value for name, value in model.items() if name not in names}
    if split := SPLITS.get(log_type):
        for lines in lines_of(path):
            size += sum([len(orjson.dumps({**dict(zip(names, split(line), strict=False)), **rest, "@message": line})) for line in lines])
            count += len(lines)
        return count, size
    for texts in events(path):
        size += sum([len(orjson.dumps({**orjson.loads(text), **rest, "@message": text})) for text in texts])
        count += len(texts)
    return count, size


def settle() -> None:
    """Set the garbage collector as the workers have it: see ``Engine.settle``."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def model_of(folder: Path, key: str) -> dict[str, Any]:
    """Return the first document of an object as it is delivered, ``fields = full``."""
    config = load([HOME / "aws.ini"])
    config.override("in_file", "root", str(folder))
    made = folder / f"model-{key.rpartition('/')[2]}.jsonl"
    config.override("out_file", "path", str(made))
    engine = Engine(config, "in_file")
    engine.open_input()
    engine.run(Task(1, Source("example-logs", key, stop=1)))
    engine.close()
    with made.open("rb") as file:
        found: dict[str, Any] = orjson.loads(file.readline())
    made.unlink()
    return found
