"""Bench of ``axi_accelerator``: runs of random frames from memory that is slow, refuses, and is left alone.

The accelerator behind it is played by the bench: a result is a checksum of the frame that went in,
so a wrong, missing or repeated token shows in memory. With WEIGHTS it also reads weights for every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, Event, FallingEdge, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from sim.axi_memory import AxiMemory, WeightMemory
from sim.bench import case
from sim.bench_event_front_end import expected_frames, recordings, with_faults
from sim.coverage import hit
from sim.stream import StreamSink, StreamSource, reset
from ssnn_fpga.events.address_events import END_WORD
from ssnn_fpga.rtl.stream import pack_tokens, token_integers
from ssnn_fpga.runtime import registers

FRAMES, EVENTS, IMAGE = range(3)
PATIENCE = 2000
_WORD = (1 << 32) - 1
_APART = 1 << 20
"""Bytes that the input and the results of a run may take."""
MODULE = "axi_accelerator"


@dataclass
class Run:
    """Arguments of a run, and the frames that lie at its input."""

    frames: list[list[int]]
    input: int
    output: int


class Bench:
    """Host, memory and accelerator around the module."""

    def __init__(self, dut: Any) -> None:
        self.dut, given = dut, case()
        self.rng, self.p, self.config = given.rng, given.parameters, given.config
        self.memory = AxiMemory(dut, self.rng, self.config["stall"])
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.clk_i, dut.rst_i)
        for interface in (self.host.write_if, self.host.read_if):
            interface.log.setLevel("ERROR")
        stall = self.config["stall"]
        self.sink = StreamSink(dut, dut.clk_i, rng=self.rng, stall=stall)
        self.source = StreamSource(dut, dut.clk_i, rng=self.rng, stall=stall)
        self.weights, self.reads = None, None
        if self.p.get("WEIGHTS"):
            self.weights = WeightMemory(dut, self.rng, stall)
            self.reads = StreamSource(
                dut, dut.clk_i, "weights_ar", rng=self.rng, stall=stall, data="addr", sidebands=("len",)
            )
        self.rounds = (1, 3)
        """Least and most rounds of reads of weights for a frame."""
        self.base: int | None = None
        """Where the host has said that the weights lie."""
        self.coming: Any = None
        """The weights that the played accelerator waits for."""
        self.sending: Any = None
        """The result that is on its way from the played accelerator."""
        self.deaf = False
        """The played accelerator takes nothing more."""
        tokens = self.p["FRAME_TOKENS"]
        self.seen = max(1, tokens // 2) if self.config.get("early") else tokens
        """Tokens that a result depends on, and after which it comes."""
        self.beats = 1 + -(-self.p["OUT_WIDTH"] // 64)
        size = -(-self.p["IN_WIDTH"] // 8)
        self.slot = -(-size // 8) * 8 if size > 4 else 1 << (size - 1).bit_length()
        self.frame_bytes = -(-self.p["FRAME_TOKENS"] * self.slot // 8) * 8

    async def start(self) -> None:
        self.dut.loaded_i.value = 1
        self.dut.load_ready_i.value = 1
        self.dut.error_i.value = 0
        await reset(self.dut)
        await ClockCycles(self.dut.clk_i, 4)
        cocotb.start_soon(self._accelerate())

    async def _accelerate(self) -> None:
        """The played accelerator, which begins anew whenever it is reset."""
        while True:
            worker = cocotb.start_soon(self._work())
            await RisingEdge(self.dut.restart_o)
            for task in (worker, self.sending, self.coming):
                if task is not None:
                    task.cancel()
            await FallingEdge(self.dut.clk_i)
            self.source.restart()
            self.sink.restart()
            if self.reads is not None:
                self.reads.restart()
                self.dut.error_i.value = 0
            while int(self.dut.restart_o.value):
                await FallingEdge(self.dut.clk_i)

    async def _work(self) -> None:
        tokens, early, forever = self.p["FRAME_TOKENS"], self.seen, 10**9
        while True:
            while self.deaf:
                await ClockCycles(self.dut.clk_i, 10)
            frame = await self.sink.receive(early, patience=forever, silence=0)
            if self.reads is not None:
                await self._read_weights()
            self.sending = cocotb.start_soon(self.source.send([self.result(frame)]))
            if early < tokens:
                await self.sink.receive(tokens - early, patience=forever, silence=0)
            await self.sending
            self.sending = None

    async def _read_weights(self) -> None:
        """Rounds of bursts, as many beats as may be under way, and what has to come."""
        size, most = self.weights.bits // 8, self.p["WEIGHT_BEATS"]
        for _ in range(self.rng.randint(*self.rounds)):
            asked, expected = [], []
            while not asked or (len(expected) < most and self.rng.random() < 0.7):
                page = self.rng.randrange(1 << 8) << 12
                beats = self.rng.randint(1, min(most - len(expected), self.rng.choice((1, most))))
                place = page + size * self.rng.randint(0, 4096 // size - beats)
                asked.append({"addr": place, "len": beats - 1})
                expected += [self.weights.beat(self.base + place + size * beat) for beat in range(beats)]
            self.coming = cocotb.start_soon(self._beats_of_weights(len(expected)))
            await self.reads.send(asked)
            found = await self.coming
            self.coming = None
            assert found == expected, f"weights for {asked}, of the image at {self.base:#x}, came wrong"

    async def _beats_of_weights(self, count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            await RisingEdge(self.dut.clk_i)
            if int(self.dut.weights_r_valid_o.value):
                if int(self.dut.weights_r_resp_o.value) & 2:
                    self.dut.error_i.value = 4  # an accelerator tells it, until it is reset
                    await Event().wait()
                found.append(int(self.dut.weights_r_data_o.value))
        return found

    def result(self, frame: list[int]) -> int:
        """What the played accelerator answers to the tokens that it has seen."""
        value = 0
        for token in frame[: self.seen]:
            value = (value * 0x10001 + token + 1) % (1 << self.p["OUT_WIDTH"])
        return value

    async def thaw(self, cycles: int) -> None:
        """Let the memory go on after a while."""
        await ClockCycles(self.dut.clk_i, cycles)
        self.memory.frozen = False

    async def read(self, offset: int) -> int:
        return await self.host.read_dword(offset)

    async def write(self, offset: int, value: int) -> None:
        await self.host.write_dword(offset, value)

    def address(self, size: int) -> int:
        """Anywhere below the last ``size`` bytes, and often close before the end of 4 KB."""
        page = self.rng.randrange((1 << self.p.get("ADDRESS_BITS", 32)) - size >> 12) << 12
        before = self.rng.choice((8 * self.rng.randrange(512), 8 * self.rng.randrange(1, 12)))
        return page + 4096 - before

    def new_run(self) -> Run:
        count = self.rng.randint(1, self.config.get("frames", 4))
        width, tokens = self.p["IN_WIDTH"], self.p["FRAME_TOKENS"]
        frames = [[self.rng.getrandbits(width) for _ in range(tokens)] for _ in range(count)]
        run = Run(frames, self.address(_APART), self.address(_APART))
        while abs(run.input - run.output) < _APART:
            run.output = self.address(_APART)
        for place, frame in enumerate(frames):
            noise = self.rng.getrandbits(8 * self.frame_bytes)
            image = noise >> 8 * tokens * self.slot << 8 * tokens * self.slot
            for index, token in enumerate(frame):
                above = self.rng.getrandbits(8 * self.slot) >> width << width
                image |= (token | above) << 8 * self.slot * index
            self.memory.put(run.input + place * self.frame_bytes, image.to_bytes(self.frame_bytes, "little"))
        return run

    async def begin(self, run: Run, *, place: bool = True, **other: int) -> None:
        """Write the arguments, some of them exchanged, and start; without ``place`` not that of weights."""
        arguments = {
            "INPUT_ADDRESS": run.input & _WORD,
            "INPUT_ADDRESS_HIGH": run.input >> 32,
            "INPUT_BYTES": len(run.frames) * self.frame_bytes,
            "OUTPUT_ADDRESS": run.output & _WORD,
            "OUTPUT_ADDRESS_HIGH": run.output >> 32,
            "RESULTS": len(run.frames),
            "MODE": FRAMES,
            "PATIENCE": PATIENCE,
        }
        if place and self.weights is not None and (self.base is None or self.rng.random() < 0.5):
            highest = (1 << self.p.get("ADDRESS_BITS", 32)) - _APART >> 12
            self.base = self.rng.randrange(highest) << 12
            arguments |= {"WEIGHTS_ADDRESS": self.base & _WORD, "WEIGHTS_ADDRESS_HIGH": self.base >> 32}
        arguments |= other
        if any(name.startswith("WEIGHTS") for name in other):
            self.base = None
        for name, value in arguments.items():
            await self.write(getattr(registers, name), value)
        self.memory.written.clear()
        await self.write(registers.CONTROL, registers.Control.START)

    async def end(self, patience: int = 20000) -> int:
        """Wait for the end of a run, acknowledge it, and give its errors."""
        for _ in range(patience // 20):
            control = await self.read(registers.CONTROL)
            if control & registers.Control.DONE:
                assert control & registers.Control.IDLE, "a run has ended and another one is under way"
                assert not control & registers.Control.START
                owed = self.memory.owed + (self.weights.owed if self.weights is not None else 0)
                assert not owed, "a run has ended, and the bus still owes something"
                status = await self.read(registers.STATUS)
                await self.write(registers.CONTROL, registers.Control.ACKNOWLEDGE)
                assert not await self.read(registers.CONTROL) & registers.Control.DONE
                return status & 0xFF
            await ClockCycles(self.dut.clk_i, 20)
        raise AssertionError(f"a run does not end within {patience} cycles")

    def check(self, run: Run, whole: bool = True, results: int | None = None) -> None:
        """Every result lies in its place, and nothing was written anywhere else.

        ``results``: as many as the run asked for, where they are not those of its frames.
        """
        size = 8 * self.beats
        inside = range(run.output, run.output + size * (results or len(run.frames)), 8)
        outside = [address for address in self.memory.written if address not in inside]
        assert not outside, f"writes outside the results at {run.output:#x}: {[hex(a) for a in outside]}"
        if not whole:
            return
        assert sorted(self.memory.written) == list(inside), "a beat of the results is missing, or came twice"
        for number, frame in enumerate(run.frames):
            record = self.memory.get(run.output + number * size, size)
            cycles, place = int.from_bytes(record[:4], "little"), int.from_bytes(record[4:8], "little")
            found, expected = int.from_bytes(record[8:], "little"), self.result(frame)
            assert place == number, f"result {number} says that it is {place}"
            assert found == expected, f"result {number} is {found:#x}, expected {expected:#x}"
            assert 0 < cycles < 20000, f"result {number} took {cycles} clocks"

    async def good(self) -> Run:
        run = self.new_run()
        await self.begin(run, PATIENCE=self.rng.choice((0, PATIENCE, self.rng.getrandbits(32) | 1 << 14)))
        status = await self.end()
        assert status == 0, f"status {status:#x} after a good run"
        self.check(run)
        return run


@cocotb.test()
async def tells_what_it_is(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    p = bench.p
    expected = {
        registers.MAGIC: 0x4E4E5353,
        registers.VERSION: 1,
        registers.FRAME_TOKENS: p["FRAME_TOKENS"],
        registers.WIDTHS: p["IN_WIDTH"] | p["OUT_WIDTH"] << 16,
        registers.FEATURES: p.get("ADDRESS_BITS", 32) << 8
        | int(p.get("WEIGHTS", 0)) << 2
        | int(p.get("LOADABLE", 0)) << 1
        | int(p.get("EVENTS", 0)),
    }
    if not p.get("EVENTS"):
        names = ("EVENTS_ACCEPTED", "EVENTS_OUTSIDE", "EVENTS_BACKWARDS")
        expected |= {getattr(registers, name): 0 for name in names}
    for offset, value in expected.items():
        found = await bench.read(offset)
        assert found == value, f"register {offset:#x} is {found:#x}, expected {value:#x}"
    # Several reads under way, whose answers the host leaves lying for a while.
    answers = bench.host.read_if.r_channel
    answers.pause = True
    reads = [cocotb.start_soon(bench.read(registers.IDENTITY + 4 * word)) for word in range(4)]
    await ClockCycles(dut.clk_i, 20)
    answers.pause = False
    words = [await read for read in reads]
    assert "".join(f"{word:08x}" for word in words) == p["IDENTITY"].split("h")[1]


@cocotb.test()
async def takes_arguments(dut: Any) -> None:
    """Any value may be written to an argument and comes back, however long the answers lie."""
    bench = Bench(dut)
    await bench.start()
    names = ("INPUT_ADDRESS", "INPUT_ADDRESS_HIGH", "INPUT_BYTES", "OUTPUT_ADDRESS", "OUTPUT_ADDRESS_HIGH",
             "RESULTS", "PATIENCE")  # fmt: skip
    answers = bench.host.write_if.b_channel
    for _ in range(3):
        values = {getattr(registers, name): bench.rng.getrandbits(32) for name in names}
        for way in (0, _WORD):
            for offset, value in values.items():
                await bench.write(offset, value ^ way)
                found = await bench.read(offset)
                assert found == value ^ way, f"register {offset:#x} is {found:#x}, not {value ^ way:#x}"
        answers.pause = True
        writes = [cocotb.start_soon(bench.write(*item)) for item in values.items()]
        await ClockCycles(dut.clk_i, 20)
        answers.pause = False
        for write in writes:
            await write
        for offset, value in values.items():
            assert await bench.read(offset) == value
    assert await bench.read(registers.CONTROL) == registers.Control.IDLE, "arguments alone began a run"


@cocotb.test()
async def counts(dut: Any) -> None:
    """The counters after a good run, after errors of the bus, and after a stop."""
    bench = Bench(dut)
    await bench.start()
    began = await bench.read(registers.CYCLES)
    run = await bench.good()
    size = 8 * bench.beats
    last = bench.memory.get(run.output + size * (len(run.frames) - 1), 8)[:4]
    latency, cycles = await bench.read(registers.LATENCY), await bench.read(registers.RUN_CYCLES)
    assert latency == int.from_bytes(last, "little"), f"a latency of {latency}, not that of the last result"
    assert latency < cycles < await bench.read(registers.CYCLES) - began
    assert await bench.read(registers.FRAMES) == len(run.frames)
    for way, place, number in (("read", run.input, registers.READ_ERRORS),
                               ("write", run.output, registers.WRITE_ERRORS)):  # fmt: skip
        assert await bench.read(number) == 0
        bench.memory.refuse = lambda kind, address, way=way, place=place: kind == way and address == place
        await bench.begin(run)
        assert await bench.end(40000) != 0
        assert await bench.read(number) == 1, f"not one error of a {way} was counted"
        bench.memory.refuse = lambda kind, address: False
    before = await bench.read(registers.DISCARDED)
    bench.deaf = True
    run = bench.new_run()
    await bench.begin(run, PATIENCE=0)
    await ClockCycles(dut.clk_i, 400)
    await bench.write(registers.STOP, registers.Stop.ABORT)
    assert await bench.end(40000) in (registers.Status.ABORTED, 0)
    lost = await bench.read(registers.DISCARDED) - before
    assert 0 <= lost <= bench.p.get("SAMPLES", 64), f"{lost} frames were discarded"
    bench.deaf = False
    await bench.good()


@cocotb.test(skip=not case().parameters.get("EVENTS"))
async def takes_events(dut: Any) -> None:
    """Recordings as address events give the frames of the event station; one too many is told."""
    bench = Bench(dut)
    await bench.start()
    p = {**bench.p, "STEP": 0, "TIME_BITS": 32}
    run = case()
    run.parameters.update(p)
    run.config["events"] = [60, 0, 25]
    given = recordings(run)
    frames = [expected_frames(events, p) for events in given]
    rows = [token_integers(pack_tokens(frame, p["GROUP"], p["ACT_BITS"])) for frame in frames]
    words: list[int] = []
    counted = [0, 0, 0]
    for events in given:
        sent, outside, backwards = with_faults(events, run, 0.1)
        words += [*sent, END_WORD]
        counted = [a + b for a, b in zip(counted, (len(events), outside, backwards), strict=True)]
    for extra in (False, True):
        target = Run(rows, bench.address(_APART), bench.address(_APART))
        bench.memory.put(target.input, b"".join(word.to_bytes(8, "little") for word in words))
        results = len(rows) - extra
        await bench.begin(target, MODE=EVENTS, INPUT_BYTES=8 * len(words), RESULTS=results)
        found = await bench.end(40000)
        if extra:
            assert found in (registers.Status.REFUSED, registers.Status.STALLED), f"status {found:#x}"
            continue
        assert found == 0, f"status {found:#x} after good events"
        bench.check(target)
        numbers = (registers.EVENTS_ACCEPTED, registers.EVENTS_OUTSIDE, registers.EVENTS_BACKWARDS)
        assert [await bench.read(number) for number in numbers] == counted
    await bench.good()
    hit(MODULE, "events")


@cocotb.test()
async def random_runs(dut: Any) -> None:
    """``config["runs"]`` runs, of which a share meets errors, stops, hangs and senseless arguments."""
    bench = Bench(dut)
    await bench.start()
    status, runs = registers.Status, bench.config["runs"]
    possible = (*KINDS, *(["weights"] if bench.weights is not None else []))
    kinds = bench.rng.sample(possible, len(possible)) + bench.rng.choices(possible, k=runs)
    for kind in kinds[:runs]:
        run = bench.new_run()
        hit(MODULE, f"run {kind}")
        # A run that is stopped may have been far longer than the bench could wait for.
        long = kind == "stop" and bench.rng.random() < 0.5
        other = {
            "INPUT_BYTES": bench.rng.getrandbits(29) << 3 | 1 << 28,
            "RESULTS": bench.rng.getrandbits(24) | 1 << 20,
        }
        other = other if long else {}
        dut._log.debug("a run of the kind %s", kind)
        if kind == "good":
            await bench.good()
            continue
        if kind == "read":
            bad = run.input + 8 * bench.rng.randrange(len(run.frames) * bench.frame_bytes // 8)
            bench.memory.refuse = lambda way, address, bad=bad: way == "read" and address == bad
            await bench.begin(run)
            allowed = {status.READ_ERROR}
        elif kind == "write":
            bad = run.output + 8 * bench.rng.randrange(len(run.frames) * bench.beats)
            bench.memory.refuse = lambda way, address, bad=bad: way == "write" and address == bad
            await bench.begin(run)
            allowed = {status.WRITE_ERROR}
        elif kind == "stop":
            await bench.begin(run, **other)
            await ClockCycles(dut.clk_i, bench.rng.randint(0, 120))
            bench.memory.frozen = bench.rng.random() < 0.5
            cocotb.start_soon(bench.thaw(bench.rng.randint(20, 200)))
            await bench.write(registers.STOP, registers.Stop.ABORT)
            allowed = {status.ABORTED, 0}  # 0: it had ended
        elif kind == "hang":
            bench.deaf = True
            await bench.begin(run)
            allowed = {status.STALLED, 0}  # 0: a single frame had been taken already
        elif kind == "short":  # more results than frames
            await bench.begin(run, RESULTS=len(run.frames) + 1)
            allowed = {status.STALLED}
        elif kind == "weights":
            bench.weights.refuses = True
            await bench.begin(run)
            allowed = {status.WEIGHTS}
        elif kind == "error":
            await bench.begin(run)
            await ClockCycles(dut.clk_i, bench.rng.randint(0, 20))
            bit = bench.rng.randrange(3)
            dut.error_i.value = 1 << bit
            allowed = {status.PARITY << bit, 0}
        else:
            await bench.begin(run, **bench.rng.choice(senseless(bench)))
            allowed = {status.REFUSED}
        found = await bench.end(40000)
        dut.error_i.value = 0
        bench.deaf = False
        bench.memory.refuse = lambda way, address: False
        if bench.weights is not None:
            bench.weights.refuses = False
        assert found in allowed, (
            f"status {found:#x} after a run of the kind {kind}, expected one of {allowed}"
        )
        if kind != "short":
            bench.check(run, whole=found == 0, results=other.get("RESULTS"))
        await bench.good()
    if bench.memory.bursts:
        sizes = {beats for _, _, beats in bench.memory.bursts}
        if max(sizes) == bench.p.get("MAX_BURST", 16):
            hit(MODULE, "burst of all beats")
        if any((address + 8 * beats) % 4096 == 0 for _, address, beats in bench.memory.bursts):
            hit(MODULE, "burst cut at 4 KB")
    for response in bench.memory.errors:
        hit(MODULE, f"answered {response.name}")
    if bench.config["stall"]:
        hit(MODULE, "memory stalls")
    dut._log.info("%d runs, %d bursts", runs, len(bench.memory.bursts))


KINDS = ("good", "read", "write", "stop", "hang", "refused", "short", "error")


def senseless(bench: Bench) -> list[dict[str, int]]:
    """Arguments that this design refuses."""
    rng = bench.rng
    found = [
        {"INPUT_ADDRESS": rng.getrandbits(32) << 3 & _WORD | rng.randint(1, 7)},
        {"OUTPUT_ADDRESS": rng.getrandbits(32) << 3 & _WORD | rng.randint(1, 7)},
        {"INPUT_BYTES": 0},
        {"INPUT_BYTES": rng.getrandbits(32) << 3 & _WORD | rng.randint(1, 7)},
        {"RESULTS": 0},
        {"RESULTS": 1 << rng.randint(24, 31) | rng.getrandbits(24)},
        {"MODE": IMAGE},  # with results
        {"MODE": 3},
    ]
    if not bench.p.get("EVENTS"):
        found.append({"MODE": EVENTS})
    ends = ["INPUT", "OUTPUT"]
    if bench.p.get("WEIGHTS"):
        found.append({"WEIGHTS_ADDRESS": rng.getrandbits(20) << 12 | 1 << rng.randrange(12)})
        ends.append("WEIGHTS")
    if bench.p.get("ADDRESS_BITS", 32) == 32:
        found += [{f"{end}_ADDRESS_HIGH": 1 << rng.randrange(32)} for end in ends]
    return found


@cocotb.test()
async def refuses(dut: Any) -> None:
    """Every senseless argument, each alone, and nothing is written; weights without a place, too."""
    bench = Bench(dut)
    await bench.start()
    if bench.weights is not None:
        await bench.begin(bench.new_run(), place=False)
        assert await bench.end() == registers.Status.REFUSED, "a run began without a place of its weights"
    for other in senseless(bench):
        await bench.begin(bench.new_run(), **other)
        assert await bench.end() == registers.Status.REFUSED, f"a run began with {other}"
        assert not bench.memory.written
    await bench.good()


@cocotb.test(skip=not case().parameters.get("WEIGHTS"))
async def weights_are_work(dut: Any) -> None:
    """A run in which for longer than its patience nothing but weights moves is no silent one."""
    bench = Bench(dut)
    await bench.start()
    bench.rounds = (40, 40)
    run = bench.new_run()
    await bench.begin(run, PATIENCE=100)
    assert await bench.end(80000) == 0
    bench.check(run)
    hit(MODULE, "weights outside the chip")


@cocotb.test()
async def runs_like_a_kernel(dut: Any) -> None:
    """Interrupts, ready and done as ap_ctrl_chain has them; a second run waits for the acknowledgement."""
    bench = Bench(dut)
    await bench.start()
    await bench.write(registers.INTERRUPT_ENABLE, registers.InterruptEnable.DONE)
    run = bench.new_run()
    await bench.begin(run)
    await bench.end()
    assert not int(dut.interrupt_o.value), "an interrupt that nobody let out"
    await bench.write(registers.INTERRUPT, registers.Interrupt.ENABLE)
    await ClockCycles(dut.clk_i, 3)
    assert int(dut.interrupt_o.value)
    await bench.write(registers.INTERRUPT_STATUS, registers.InterruptStatus.DONE)
    await ClockCycles(dut.clk_i, 3)
    assert not int(dut.interrupt_o.value)
    assert await bench.read(registers.INTERRUPT_STATUS) == registers.InterruptStatus.READY
    ready = [await bench.read(registers.CONTROL) & registers.Control.READY for _ in range(2)]
    assert ready == [registers.Control.READY, 0] or ready == [0, 0], "ready does not fall when it is read"

    run = bench.new_run()
    await bench.begin(run)
    while not int(dut.interrupt_o.value):
        await FallingEdge(dut.clk_i)
    done = registers.Control.DONE | registers.Control.IDLE
    await bench.write(registers.CONTROL, registers.Control.START)
    await ClockCycles(dut.clk_i, 50)
    assert await bench.read(registers.CONTROL) & done == done, "a run began before the last was acknowledged"
    bench.memory.written.clear()
    await bench.write(registers.CONTROL, registers.Control.ACKNOWLEDGE)
    assert await bench.end() == 0
    bench.check(run)
    hit(MODULE, "interrupt")


@cocotb.test()
async def restarts_itself(dut: Any) -> None:
    """With auto_restart a run follows its acknowledgement; without it no more."""
    bench = Bench(dut)
    await bench.start()
    run = bench.new_run()
    await bench.write(registers.CONTROL, registers.Control.AUTO_RESTART)
    await bench.begin(run)
    control = registers.Control
    await bench.write(registers.CONTROL, control.START | control.AUTO_RESTART)
    for _ in range(3):
        while not await bench.read(registers.CONTROL) & control.DONE:
            await ClockCycles(dut.clk_i, 10)
        bench.check(run)
        bench.memory.written.clear()
        await bench.write(registers.CONTROL, control.ACKNOWLEDGE | control.AUTO_RESTART)
    await bench.write(registers.CONTROL, 0)
    assert await bench.end() == 0
    bench.check(run)
    await ClockCycles(dut.clk_i, 200)
    assert await bench.read(registers.CONTROL) & control.IDLE
    hit(MODULE, "auto restart")


@cocotb.test(skip=not case().parameters.get("LOADABLE"))
async def loads_weights(dut: Any) -> None:
    """An image of an even and an odd number of words arrives whole; a run ends when it has."""
    bench = Bench(dut)
    port = StreamSink(dut, dut.clk_i, "load", rng=bench.rng, stall=bench.config["stall"])
    await bench.start()
    for count in (1, 2, bench.rng.randrange(3, 40) | 1, 2 * bench.rng.randrange(2, 20)):
        run = bench.new_run()
        words = [bench.rng.getrandbits(32) for _ in range(count)]
        above = bench.rng.getrandbits(32)
        image = b"".join(word.to_bytes(4, "little") for word in (*words, above))
        bench.memory.put(run.input, image[: -(-count // 2) * 8])
        dut.loaded_i.value = 0
        await bench.begin(run, INPUT_BYTES=4 * count, RESULTS=0, MODE=IMAGE)
        assert await port.receive(count, silence=20) == words
        assert not await bench.read(registers.CONTROL) & registers.Control.DONE, "not loaded, and yet done"
        dut.loaded_i.value = 1
        assert await bench.end() == 0
        assert not bench.memory.written
        await bench.good()
    hit(MODULE, "weights loaded")


@cocotb.test()
async def reset_in_mid_run(dut: Any) -> None:
    """The reset of the whole board, memory included, wherever a run is; the next run is right."""
    bench = Bench(dut)
    await bench.start()
    for _ in range(3):
        run = bench.new_run()
        await bench.begin(run)
        await ClockCycles(dut.clk_i, bench.rng.randint(0, 150))
        await FallingEdge(dut.clk_i)
        dut.rst_i.value = 1
        await ClockCycles(dut.clk_i, 3)
        await FallingEdge(dut.clk_i)
        dut.rst_i.value = 0
        bench.base = None  # the reset has taken the place of the weights away
        await ClockCycles(dut.clk_i, 3)
        await bench.good()
    hit(MODULE, "reset in mid-run")
