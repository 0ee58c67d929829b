"""Regular expressions that take for ever on a text that almost matches, and such a text (leaf).

``re`` tries every way to match before it gives up. Where parts of a pattern can share out the same text in several ways, these may
double with each character (a repetition in a repetition), or grow with a high power of the length (several in a row). The automaton
of the pattern shows where; a match with a text made for it shows whether that is so.
A. Weideman et al., Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers (2016).
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import operator
import re
import time
from collections.abc import Callable, Iterable, Iterator

from loader.errors import Overdue
from loader.positions import Positions, components, path
from loader.watchdog import possible, within

LIMIT = 0.1  # seconds of one match, far more than a good pattern needs
TOTAL = 0.8  # seconds for one pattern
LONGEST = 1024  # characters: of these, LIMIT is too much; a pattern that needs the square of the length stays far below
HARMLESS = 2  # repetitions in a row that can take the same text: the square of the length
STEPS = 300_000  # how far a loop is searched
ATTACKS = 12


def suspect(pattern: str, method: str = "match") -> str | None:
    """Return why ``pattern`` can hang a worker, with the part that does and a text that shows it; None when nothing shows it.

    ``method`` is how it will be used: match, fullmatch or search. What is said was seen: the text keeps ``re`` busy for longer than
    LIMIT. Takes less than a second. Patterns that need the square of the length are not told of. Of the main thread only, elsewhere None.
    """
    if not possible():
        return None
    try:
        match = getattr(re.compile(pattern), method)
        with within(TOTAL):
            return _seen(pattern, match)
    except (re.error, Overdue):
        return None


def _seen(pattern: str, match: Callable[[str], object]) -> str | None:
    positions = Positions(pattern)
    for attack in itertools.islice(itertools.chain(_exponential(positions), _polynomial(positions)), ATTACKS):
        for tail in _tails(positions, attack):
            if times := _hangs(match, attack, tail):
                return _told(pattern, attack, times, tail)
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class Attack:
    """``head`` leads to the parts at ``spans`` of the pattern, whose ``loops`` of positions take any number of ``pump`` in several ways."""

    head: str
    pump: str
    loops: frozenset[int]
    spans: tuple[tuple[int, int], ...]


def _told(pattern: str, attack: Attack, times: int, tail: str) -> str:
    parts = " … ".join(pattern[begin:end].replace("\n", " ")[:80] for begin, end in attack.spans[:4])
    head = attack.head
    while head.endswith(attack.pump):
        head, times = head.removesuffix(attack.pump), times + 1
    text = " + ".join([*([repr(head)] if head else []), f"{attack.pump!r} * {times}", *([repr(tail)] if tail else [])])
    return f"{parts} can share out one text in countless ways, as in {text}"


def _hangs(match: Callable[[str], object], attack: Attack, tail: str) -> int:
    """Return how many times the pump makes ``match`` overdue, 0 when it never is."""
    times = 16
    while times * len(attack.pump) <= LONGEST:
        text = attack.head + attack.pump * times + tail
        begin = time.process_time()
        try:
            with within(LIMIT):
                match(text)
        except Overdue:
            if time.process_time() - begin > LIMIT / 2:  # and not because the machine was busy with something else
                return times
        times *= 2
    return 0


def _tails(positions: Positions, attack: Attack) -> list[str]:
    """Return texts behind the pump that might keep the pattern from matching: none, what the loops do not take, what nothing takes.

    And a line feed, where the pattern is made for several lines: it names one, or has a class of all characters.
    """
    found = [""]
    for some in (attack.loops, range(len(positions.takes))):
        taken = functools.reduce(operator.or_, (positions.takes[position] for position in some))
        found += [letter for bit, letter in enumerate(positions.alphabet) if not taken >> bit & 1 and letter != "\n"][:1]
    feed = 1 << positions.alphabet.index("\n")
    several = {feed, (1 << len(positions.alphabet)) - 1} & {*positions.takes}
    return [*dict.fromkeys(found), *(["\n!"] if several else [])]


def _exponential(positions: Positions) -> Iterator[Attack]:
    """Find loops that take one text in two ways and are then where they began: the ways double with each turn."""
    takes, follow = positions.takes, positions.follow
    for component in components(follow):
        inside = frozenset(component)
        succ = {p: [q for q in follow[p] if q in inside] for p in component}
        for p in component:
            for q in (q for q in succ[p] if len(follow[p][q]) > 1):
                way = path([q], p, succ)
                yield _attack(positions, p, [takes[q] for q in way], [way], max(0, *follow[p][q]))
        if found := _divergence(takes, succ):
            root, pairs = found
            yield _attack(positions, root, [takes[p] & takes[q] for p, q in pairs], [[*itertools.chain(*pairs)]])


def _divergence(takes: list[int], succ: dict[int, list[int]]) -> tuple[int, list[tuple[int, int]]] | None:
    """Return a place in a loop, and a way from there to there that two can go at once, taking the same but parted on the way."""
    came: dict[tuple[int, int], tuple[int, int]] = {(p, p): (p, p) for p in succ}
    queue = list(came)
    steps = STEPS
    for pair in queue:
        steps -= len(succ[pair[0]]) * len(succ[pair[1]])
        if steps < 0:
            break
        for p, q in itertools.product(succ[pair[0]], succ[pair[1]]):
            if p == q and pair[0] != pair[1]:
                pairs = [(p, p), pair]
                while came[pairs[-1]] != pairs[-1]:
                    pairs.append(came[pairs[-1]])
                root = pairs.pop()[0]
                back = [] if p == root else path(succ[p], root, succ)
                return root, [*reversed(pairs), *((place, place) for place in back)]
            if p < q and takes[p] & takes[q] and (p, q) not in came:
                came[p, q] = pair
                queue.append((p, q))
    return None


def _polynomial(positions: Positions) -> Iterator[Attack]:
    """Find loops in a row that can all take the same text: the ways grow with a power of its length, one for each loop."""
    found: dict[Attack, int] = {}
    for word in _words(positions):
        bits = [1 << positions.alphabet.index(letter) for letter in word]
        row = _longest_row(positions, bits)
        if len(row) > HARMLESS:
            place, turn = row[0][0]
            pump = [*bits[turn + 1 :], *bits[: turn + 1]]
            found[_attack(positions, place, pump, [[p for p, _ in loop] for loop in row])] = len(row)
    yield from sorted(found, key=lambda attack: -found[attack])


def _longest_row(positions: Positions, word: list[int]) -> list[list[tuple[int, int]]]:
    """Return the most loops that follow each other taking nothing but this word again and again; each is of (position, place in the word)."""
    takes, nodes = positions.takes, {}
    for turn, bit in enumerate(word):
        following = (turn + 1) % len(word)
        for p in (p for p, mask in enumerate(takes) if mask & bit):
            nodes[p, turn] = [(q, following) for q in positions.follow[p] if takes[q] & word[following]]
    rows: dict[tuple[int, int], list[list[tuple[int, int]]]] = {}
    for component in components(nodes):
        row = max((rows[other] for node in component for other in nodes[node] if other in rows), key=len, default=[])
        if len(component) > 1 or component[0] in nodes[component[0]]:
            row = [component, *row]
        rows |= dict.fromkeys(component, row)
    return max(rows.values(), key=len, default=[])


def _words(positions: Positions) -> Iterator[str]:
    """Return what could be repeated: characters that loops of one position take, and the shortest turns of longer loops."""
    takes, follow = positions.takes, positions.follow
    loops = {p for p, after in follow.items() if p in after}
    alike: dict[tuple[int, ...], str] = {}
    for bit, letter in enumerate(positions.alphabet):
        alike.setdefault(tuple(p for p, mask in enumerate(takes) if mask >> bit & 1), letter)
    wanted = [some for some in alike if len(loops.intersection(some)) > HARMLESS]
    yield from (alike[some] for some in sorted(wanted, key=len, reverse=True)[:ATTACKS])
    turns: dict[str, None] = {}
    for number, part in enumerate(positions.parts):
        inside = {p: [q for q in follow[p] if q in range(part.first, part.end)] for p in range(part.first, part.end)}
        jump = next(((p, q) for p, following in inside.items() for q in following if p != q and number in follow[p][q]), None)
        if jump:
            turns[positions.text(takes[p] for p in path([jump[1]], jump[0], inside))] = None
    yield from itertools.islice(filter(None, turns), ATTACKS)


def _attack(positions: Positions, place: int, pump: Iterable[int], loops: list[list[int]], innermost: int = 0) -> Attack:
    """Make the attack of a loop that begins behind ``place``; the parts that are repeated are ``innermost`` or around it."""
    head = positions.text(positions.takes[p] for p in path(positions.start, place, positions.follow))
    parts = positions.parts[innermost:]
    spans = tuple(next(part.span for part in parts if part.covers(loop)) for loop in loops)
    return Attack(head, positions.text(pump), frozenset(itertools.chain(*loops)), spans)
