"""Chunks: every message is owed to the ledger it came with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.chunk import Chunk
from loader.ledger import Ledger

ADDED = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=6)  # which ledger, how many messages


def chunk_of(added: list[tuple[int, int]]) -> tuple[Chunk, list[Ledger], list[int]]:
    ledgers, owners, chunk = [Ledger(), Ledger(), Ledger()], [], Chunk()
    for which, count in added:
        messages = [b"m%d" % (len(owners) + n) for n in range(count)]
        chunk.add(messages, sum(map(len, messages)), ledgers[which])
        owners += [which] * count
    return chunk, ledgers, owners


def by_ledger(chunk: Chunk, ledgers: list[Ledger]) -> list[int]:
    return [sum(count for ledger, count in chunk.counts() if ledger is one) for one in ledgers]


@given(ADDED)
def test_each_message_is_owed_to_the_ledger_it_was_added_for(added: list[tuple[int, int]]) -> None:
    chunk, ledgers, owners = chunk_of(added)
    assert [next(n for n, one in enumerate(ledgers) if one is chunk.ledger_at(at)) for at in range(len(owners))] == owners
    assert by_ledger(chunk, ledgers) == [owners.count(n) for n in range(3)]
    assert chunk.size == sum(map(len, chunk.messages))


@given(ADDED, st.integers(0, 18))
def test_a_chunk_that_is_split_has_the_first_messages_and_the_others_and_still_owes_them(added: list[tuple[int, int]], count: int) -> None:
    chunk, ledgers, owners = chunk_of(added)
    count = min(count, len(owners))
    head, rest = chunk.split(count)
    assert (head.messages, rest.messages) == (chunk.messages[:count], chunk.messages[count:])
    for part, its in ((head, owners[:count]), (rest, owners[count:])):
        assert by_ledger(part, ledgers) == [its.count(n) for n in range(3)]
        assert part.size == sum(map(len, part.messages))


@given(ADDED, st.sets(st.integers(0, 17)))
def test_a_picked_chunk_has_just_those_messages_in_order_and_still_owes_them(added: list[tuple[int, int]], wanted: set[int]) -> None:
    chunk, ledgers, owners = chunk_of(added)
    positions = [at for at in wanted if at < len(owners)]
    picked = chunk.pick(positions)
    assert picked.messages == [b"m%d" % at for at in sorted(positions)]
    assert by_ledger(picked, ledgers) == [sum(owners[at] == n for at in positions) for n in range(3)]
    assert picked.size == sum(map(len, picked.messages))


def test_a_chunk_without_messages_owes_nothing() -> None:
    """As one is whose messages were all refused."""
    assert Chunk().counts() == []
