"""Stages as processes that pass on the times of their pixels: what the cycle model runs.

Between two stages lies a link. Of every pixel it knows the cycle from which the reading stage has
room for its last token (``opens``) and the cycle in which that token goes over (``moved``): the
later of that and of the cycle in which it is offered. So a stage that waits holds up the ones
before it, as ready does in the hardware. Each process is a generator that takes and gives
pixels in order, and yields where a time that it needs is not known yet; the order in which
processes run changes no time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.readers import Windows, rows_complete
from ssnn_fpga.plan.structure import KERNEL_ROOM, SCATTER_QUEUE

Process = Generator[None, None, None]


class Link:
    """The pixels that go from one stage to the next, in cycles from the first token's offer."""

    __slots__ = ("blocked", "moved", "opens", "pace")

    def __init__(self, pace: float = 0, opens: int = 0) -> None:
        """``pace``: cycles in which the reading stage takes a pixel; ``opens``: pixels that find room."""
        self.pace = pace
        self.opens: list[float] = [0] * opens
        self.moved: list[float] = []
        self.blocked = 0.0
        """Cycles in which an offered pixel had to wait."""

    def give(self, ready: float) -> Generator[None, None, float]:
        """Offers the next pixel from cycle ``ready`` on; returns the cycle in which it goes over."""
        place = len(self.moved)
        while len(self.opens) <= place:
            yield
        before = self.moved[-1] if place else -self.pace
        moved = max(ready, self.opens[place], before + self.pace)
        self.blocked += moved - ready
        self.moved.append(moved)
        return moved


def run(processes: Iterable[Process], links: Sequence[Link]) -> None:
    """Runs processes to their ends. Raises RuntimeError where all wait for each other."""
    running, known = list(processes), -1
    while running:
        running = [process for process in running if next(process, running) is None]
        before, known = known, sum(len(link.moved) + len(link.opens) for link in links)
        if running and known == before:
            raise RuntimeError("the stages wait for each other: a FIFO between them is too short")


def supply(sink: Link, pixels: int, pace: float) -> Process:
    """A source that offers a token in every cycle, ``pace`` of them a pixel."""
    last = -1.0
    for _ in range(pixels):
        last = yield from sink.give(last + pace)


def serve(source: Link, sink: Link, pixels: int, delay: float, pace: float, room: float) -> Process:
    """One pixel after the other: ``delay`` behind its arrival, ``pace`` behind its predecessor.

    ``room``: pixels that are inside at a time; where that is below one, tokens come in as others leave.
    """
    whole, share = int(room), room % 1 * pace
    source.opens += [0] * whole
    last = -pace
    for place in range(pixels):
        if not whole:
            while len(sink.opens) <= place:
                yield
            source.opens.append(max(0, sink.opens[place] - share, last + pace - share))
        while len(source.moved) <= place:
            yield
        last = yield from sink.give(max(source.moved[place] + delay, last + pace))
        if whole:
            source.opens.append(last + 1 - share)


def pool(
    source: Link, sink: Link, frames: int, height: int, width: int, size: int, pace: float, room: int
) -> Process:
    """``pool``: a pixel leaves behind the last one of its window, at least ``pace`` after the one before."""
    source.opens += [0] * room
    place, last = 0, -pace
    closes = [y < height // size * size and y % size == size - 1 for y in range(height)]
    for row_closes in closes * frames:
        for x in range(width):
            while len(source.moved) <= place:
                yield
            done = source.moved[place] + 1
            if row_closes and x % size == size - 1 and x < width // size * size:
                done = last = yield from sink.give(max(done + 1, last + pace))
            source.opens.append(done + 1)
            place += 1


def fork(source: Link, sinks: Sequence[Link], pixels: int, room: int) -> Process:
    """``stream_fork``: no copy runs more than a token ahead of the others."""
    source.opens += [0] * room
    left = -1.0
    for place in range(pixels):
        while len(source.moved) <= place:
            yield
        ready = max(source.moved[place], left) + 1
        waiting = list(sinks)
        while waiting:
            for sink in [sink for sink in waiting if len(sink.opens) > place]:
                sink.moved.append(max(ready, sink.opens[place]))
                waiting.remove(sink)
            if waiting:
                yield
        left = max(sink.moved[place] for sink in sinks)
        source.opens.append(left + 1)


def join(sources: Sequence[Link], sink: Link, pixels: int, delay: float, pace: float, room: int) -> Process:
    """A stage that needs a pixel of every source for each of its own."""
    for source in sources:
        source.opens += [0] * room
    last = -pace
    for place in range(pixels):
        while any(len(source.moved) <= place for source in sources):
            yield
        ready = max(source.moved[place] for source in sources) + delay
        last = yield from sink.give(max(ready, last + pace))
        for source in sources:
            source.opens.append(last + 1)


def leave_early(early: Link, final: Link, sink: Link, sure: Sequence[bool], delay: float) -> Process:
    """``early_exit``: a sample that is ``sure`` does not wait for its final logits, which are dropped."""
    for source in (early, final):
        source.opens += [0] * (2 + len(sure))  # final logits are taken when they come
    for place, exits in enumerate(sure):
        while len(early.moved) <= place or not (exits or len(final.moved) > place):
            yield
        ready = early.moved[place] + delay
        yield from sink.give(ready if exits else max(ready, final.moved[place] + 2))


class _Rows:
    """The rows of all frames in a memory that holds ``held`` of them."""

    def __init__(self, source: Link, windows: Windows, held: int) -> None:
        self._source, self._windows = source, windows
        source.opens += [0] * (held * windows.width)

    def complete(self, frame: int, row: int) -> Generator[None, None, float]:
        """The edge that writes the last token which output row ``row`` needs."""
        windows, moved = self._windows, self._source.moved
        pixels = (frame * windows.height + windows.rows_of(row)[1]) * windows.width
        while len(moved) < pixels:
            yield
        return moved[pixels - 1] + 1

    def release(self, row: int, edge: float) -> None:
        """Output row ``row`` was the last to need its rows, until ``edge``."""
        pixels = len(self._windows.rows_done(row)) * self._windows.width
        self._source.opens += [edge + self._windows.pace - 1] * pixels


@dataclass(frozen=True)
class Beats:
    """What the windows or frames of a layer with synapses take, in cycles."""

    taken: Integers
    """(N, H', W') of each window, or (N,) of each frame: until the kernel has taken its last beat."""
    paced: Integers
    """As ``taken``, for a kernel whose tokens leave no faster than the stage behind takes them."""
    final: Integers
    """The beats of the last timestep group."""
    tokens: int = 1
    """Accumulator tokens of a window or frame."""
    step: int = 1
    """Cycles in which the stage behind takes one of them."""


class _Kernel:
    """The kernel behind a reader: it takes a beat while it has room for the token of that beat."""

    def __init__(self, beats: Beats, sink: Link, latency: float) -> None:
        """``latency``: cycles from a token's last beat to its offer."""
        self._sink, self._latency = sink, latency
        self._behind = KERNEL_ROOM // beats.tokens
        self._drain = KERNEL_ROOM * beats.step

    def pixel(self, start: float, taken: float, paced: float) -> Generator[None, None, float]:
        """The next pixel, its first beat offered at ``start``; returns when its last beat is taken."""
        sink, end = self._sink, start + taken
        place = len(sink.moved) - self._behind
        if self._behind and place >= 0:
            end = max(end, sink.moved[place] + 1)
        moved = yield from sink.give(max(end, start + paced) + self._latency)
        # A pixel of more tokens than there is room for waits for its own first ones.
        return end if self._behind else max(end, moved - self._drain + 1)


def read_taps(beats: Beats, windows: Windows, source: Link, sink: Link, latency: float) -> Process:
    """``tap_reader``. A window's last token is offered ``latency`` after its last beat was picked."""
    rows, kernel = _Rows(source, windows, windows.kernel + windows.stride), _Kernel(beats, sink, latency)
    loaded = last_taken = end = 0.0  # the window before: passed on, its last timestep group taken, done
    for frame, (takens, paceds, finals) in enumerate(
        zip(beats.taken.tolist(), beats.paced.tolist(), beats.final.tolist(), strict=True)
    ):
        for row in range(windows.out_height):
            arrived = (yield from rows.complete(frame, row)) + 1
            columns = windows.kernel
            for taken, paced, last in zip(takens[row], paceds[row], finals[row], strict=True):
                loaded = max(max(loaded, arrived) + columns, last_taken)
                end = yield from kernel.pixel(max(loaded + 1, end), taken, paced)
                last_taken = end - last
                columns = windows.fresh
            rows.release(row, end + 2)


def read_windows(beats: Beats, windows: Windows, source: Link, sink: Link, latency: float) -> Process:
    """``window_reader``; ``latency`` as for ``read_taps``."""
    rows, kernel = _Rows(source, windows, windows.kernel + 1), _Kernel(beats, sink, latency)
    tokens = windows.fresh * windows.words
    loads = -(-windows.kernel // windows.fresh)
    absent = (loads * windows.fresh - windows.kernel) * windows.words
    loaded = issued = 0.0  # the load before; the last column token read from the rows
    done = 0.0  # the edge from which the window registers are free
    for frame, (takens, paceds) in enumerate(zip(beats.taken.tolist(), beats.paced.tolist(), strict=True)):
        for row in range(windows.out_height):
            issue = max(issued, (yield from rows.complete(frame, row))) + 1
            loaded = max(loaded, issue + 2)
            collected: list[float] = []
            for place, (taken, paced) in enumerate(zip(takens[row], paceds[row], strict=True)):
                for load in range(loads if place == 0 else 1):
                    fresh = tokens - (absent if place == load == 0 else 0)
                    collected += [loaded + token for token in range(fresh)]
                    loaded = max(loaded + fresh, done)
                done = yield from kernel.pixel(loaded, taken, paced)
            # Three tokens wait between the rows and the columns being collected.
            issued = max(issue + len(collected) - 1, collected[-4] + 1 if len(collected) > 3 else 0)
            rows.release(row, issued)


@dataclass(frozen=True)
class Words:
    """What a convolution that scatters has to add."""

    counts: Integers
    """(N, H, W) words of each pixel that are not zero."""
    steps: Integers
    """(H, W) cycles that a word takes; 0: no window sees it."""
    reads: int
    """Sums that are read out for each window, a cycle each."""
    places: int
    """Cycles after a reset until all sums are marked as empty."""


def scatter(words: Words, windows: Windows, source: Link, sink: Link, latency: float) -> Process:
    """``scatter_conv``: a sum that begins to be read is offered ``latency`` later.

    Sums are read before words are added, so when they are read depends on the rows that are complete and
    on the room behind alone; words fill the cycles that are left.
    """
    reach = -(-windows.kernel // windows.stride)
    step, room = max(1.0, sink.pace / words.reads), SCATTER_QUEUE + 1
    wide, top_of_row = windows.out_width, windows.out_height - 1
    source.opens.append(0)
    reading: list[tuple[float, float]] = []  # when the sums of each window begin to be read, and have been
    popped: list[float] = []  # when each word has left the queue
    free, pushed = float(words.places), 0.0  # the engine, the word before
    place = busy = rows_before = pixel = 0

    def gone(token: int) -> float:
        """The cycle in which the stage behind takes a token of a pixel that has been given."""
        pixel, before = divmod(token, words.reads)
        return sink.moved[pixel] - (words.reads - 1 - before) * step

    def read(ready: float) -> Generator[None, None, None]:
        nonlocal place
        begin = max(ready, reading[-1][1] if reading else 0.0)
        first = place * words.reads - KERNEL_ROOM  # must have gone before this pixel's first is read
        if first >= 0:
            begin = max(begin, gone(first) + 1)
        end, last = begin + words.reads, first + words.reads - 1
        if 0 <= last < place * words.reads:
            end = max(end, gone(last) + 2)
        moved = yield from sink.give(end - 1 + latency)
        if last >= place * words.reads:  # the pixel waits for its own first tokens
            end = max(end, moved - KERNEL_ROOM * step + 1)
        reading.append((end - words.reads, end))
        place += 1

    for counts in words.counts.tolist():
        for y, row in enumerate(counts):
            top = rows_before + min((y + windows.padding) // windows.stride, top_of_row)
            for x, count in enumerate(row):
                while len(source.moved) <= pixel:
                    yield
                steps = int(words.steps[y, x])
                last = x == windows.width - 1
                # Words of a pixel's earlier tokens were kept before its last token came.
                pushed = max(pushed, source.moved[pixel] - min(max(count, 1), windows.tokens) + 1)
                # A word may not be added before the row whose place it takes has been read so far.
                needed = (top - reach) * wide + min((x + windows.padding) // windows.stride, wide - 1)
                for _ in range(max(count, int(last))):
                    pushed += 1
                    if len(popped) >= room:
                        pushed = max(pushed, popped[len(popped) - room] + 1)
                    begin = max(pushed + 2, free)
                    left: float = steps if count else 0
                    if needed >= 0 and left:
                        begin = max(begin, reading[needed][0] + words.reads)
                    while left:
                        while busy < len(reading) and reading[busy][1] <= begin:
                            busy += 1
                        if busy < len(reading) and reading[busy][0] <= begin:
                            begin = reading[busy][1]
                            continue
                        run_of = min(left, reading[busy][0] - begin) if busy < len(reading) else left
                        begin += run_of
                        left -= run_of
                    free = begin + (0 if steps and count else 1)
                    popped.append(free - 1)
                pushed = max(pushed, source.moved[pixel] + 1)
                source.opens.append(pushed + max(0, windows.tokens - 1))
                pixel += 1
            complete = rows_complete(windows, y) - (rows_complete(windows, y - 1) if y else 0)
            for _ in range(complete * wide):
                yield from read(free)
        rows_before += windows.out_height


def scatter_frame_ends(words: Words, windows: Windows) -> Integers:
    """The cycle (N,) in which the last sum of each frame of a ``scatter_conv`` has begun to be read."""
    each = windows.out_height * windows.out_width
    frames = len(words.counts)
    source, sink = Link(pace=windows.tokens), Link(opens=frames * each)
    pixels = frames * windows.height * windows.width
    return _alone(scatter(words, windows, source, sink, 0), source, sink, pixels, windows.tokens, each)


def read_frames(beats: Beats, pixels: int, pace: float, source: Link, sink: Link, latency: float) -> Process:
    """``frame_reader``: frames of ``pixels`` pixels, ``pace`` tokens a pixel; one pixel leaves for each."""
    source.opens += [0] * (2 * pixels)
    kernel, read = _Kernel(beats, sink, latency), 0.0
    for frame, (taken, paced) in enumerate(zip(beats.taken.tolist(), beats.paced.tolist(), strict=True), 1):
        while len(source.moved) < frame * pixels:
            yield
        read = yield from kernel.pixel(max(read, source.moved[frame * pixels - 1] + 1), taken, paced)
        source.opens += [read + pace - 1] * pixels


def _alone(reader: Process, source: Link, sink: Link, pixels: int, pace: float, each: int) -> Integers:
    """When every frame, of ``each`` windows, ends if ``reader`` is fed without a gap and never held up."""
    run([supply(source, pixels, pace), reader], [source, sink])
    return np.rint(sink.moved[each - 1 :: each]).astype(np.int64)


def tap_frame_ends(beats: Integers, windows: Windows) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``tap_reader`` is picked.

    ``beats`` (N, H', W', groups) comes from ``tap_beats``; ``windows.word`` is the reader's word.
    """
    work = beats.sum(axis=3)
    source, sink = Link(), Link(opens=work.size)
    reader = read_taps(Beats(work, work, beats[..., -1]), windows, source, sink, 0)
    pixels = len(work) * windows.height * windows.width
    return _alone(reader, source, sink, pixels, windows.pace, work[0].size)


def window_frame_ends(beats: Integers, windows: Windows) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``window_reader`` is taken.

    ``beats`` (N, H', W') comes from ``window_beats``; ``windows.word`` is the input group.
    """
    source, sink = Link(), Link(opens=beats.size)
    reader = read_windows(Beats(beats, beats, beats), windows, source, sink, 0)
    pixels = len(beats) * windows.height * windows.width
    return _alone(reader, source, sink, pixels, windows.pace, beats[0].size)


def dense_frame_ends(beats: Integers, tokens: int) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``frame_reader`` is read."""
    source, sink = Link(), Link(opens=beats.size)
    reader = read_frames(Beats(beats, beats, beats), tokens, 1, source, sink, 0)
    return _alone(reader, source, sink, len(beats) * tokens, 1, 1)


def steady_cycles(ends: Integers) -> float:
    """Mean cycles a frame once the pipeline is full: ``ends`` of some frames, the first left out."""
    return float(ends[-1] - ends[0]) / (len(ends) - 1)
