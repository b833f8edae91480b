"""Bench of ``uart_accelerator``: whole, broken, garbled and foreign requests over the line.

The accelerator behind it is played by the bench: a result is the checksum of the frame that
went in, so a wrong, missing or repeated token shows in the reply.
"""

from __future__ import annotations

import binascii
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, RisingEdge

from sim.bench import case
from sim.serial_line import SerialListener, SerialTalker
from sim.stream import StreamSink, StreamSource, reset

OK, UNKNOWN_COMMAND, BAD_CHECKSUM, INCOMPLETE, STALLED, OUT_OF_TURN, NOT_LOADED = range(7)


def sealed(body: bytes) -> bytes:
    """``body`` and its CRC-16."""
    return body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")


class Bench:
    """The host's end of the line, and the accelerator behind the module."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        given = case()
        self.rng = given.rng
        self.p = given.parameters
        self.stall = given.config["stall"]
        bit = self.p["CLOCKS_PER_BIT"]
        self.line = SerialTalker(dut.rx_i, dut.clk_i, bit)
        self.listener = SerialListener(dut.tx_o, dut.clk_i, bit)
        self.sink = StreamSink(dut, dut.clk_i, rng=self.rng, stall=self.stall)
        self.source = StreamSource(dut, dut.clk_i, rng=self.rng, stall=self.stall)
        self.token_bytes = -(-self.p["IN_WIDTH"] // 8)
        self.frames_seen: list[list[int]] = []
        self.restarts = 0
        self.results_before_the_end = given.config.get("early", False)
        self.loads = int(self.p.get("LOADABLE", 0))
        self.image_words = given.config.get("image", 0)
        self.loaded: list[int] = []
        """Words that the accelerator has taken since its reset."""
        self.deaf = False
        """It takes no more of them."""

    async def start(self, *, answering: bool = True, loaded: bool = True) -> None:
        """``loaded``: with weights, whatever was loaded."""
        self.dut.loaded_i.value = int(loaded)
        self.dut.load_ready_i.value = 0
        await reset(self.dut)
        if not loaded:
            cocotb.start_soon(self._take_weights())
        assert int(self.dut.restart_o.value), "a reset does not reach the accelerator behind"
        assert not int(self.dut.fault_o.value), "a reset leaves the fault of what was before"
        await ClockCycles(self.dut.clk_i, 5)
        cocotb.start_soon(self._watch_restart())
        if answering:
            cocotb.start_soon(self._accelerate())

    async def _watch_restart(self) -> None:
        while True:
            await RisingEdge(self.dut.clk_i)
            await ReadOnly()
            self.restarts += int(self.dut.restart_o.value)

    async def _take_weights(self) -> None:
        """The chain of loaders: all weights are there behind a whole image, a few clocks late."""
        dut = self.dut
        due: list[int] = []
        while True:
            await FallingEdge(dut.clk_i)
            dut.load_ready_i.value = int(not self.deaf and self.rng.random() > self.stall)
            await ReadOnly()
            if int(dut.restart_o.value):
                self.loaded.clear()
            elif int(dut.load_valid_o.value) and int(dut.load_ready_i.value):
                self.loaded.append(int(dut.load_data_o.value))
            due.append(len(self.loaded) == self.image_words)
            await RisingEdge(dut.clk_i)
            if len(due) > 50:
                dut.loaded_i.value = due.pop(0)

    def block(self, number: int, words: list[int]) -> bytes:
        """The request that loads a block of an image."""
        data = b"".join(word.to_bytes(4, "little") for word in words)
        return sealed(b"\xa5\x03" + number.to_bytes(2, "little") + bytes([len(words) - 1]) + data)

    async def load(self, number: int, words: list[int], whole: bool = False) -> None:
        """One good block; ``whole``: it is the last of an image."""
        await self.line.send(self.block(number, words))
        status, payload = await self.reply()
        assert (status, payload) == (OK, bytes([whole])), (
            f"status {status} {payload.hex()} for block {number}"
        )

    async def _accelerate(self) -> None:
        """Takes whole frames for ever, and answers each: after it, or before its last tokens."""
        tokens, patience = self.p["FRAME_TOKENS"], 10**9
        while True:
            early = tokens // 2 if self.results_before_the_end else tokens
            frame = await self.sink.receive(early, patience=patience, silence=0)
            if early < tokens:
                result = cocotb.start_soon(self.source.send([self.result(frame)]))
                frame += await self.sink.receive(tokens - early, patience=patience, silence=0)
                await result
                self.frames_seen.append(frame)
            else:
                self.frames_seen.append(frame)
                await ClockCycles(self.dut.clk_i, self.rng.randint(1, 40))
                await self.source.send([self.result(frame)])

    def result(self, frame: list[int]) -> int:
        """What the played accelerator answers to the tokens that it has seen."""
        value = 0
        for token in frame:
            value = (value * 0x10001 + token + 1) % (1 << self.p["OUT_WIDTH"])
        return value

    def frame(self) -> list[int]:
        """A frame of random tokens."""
        return [self.rng.getrandbits(self.p["IN_WIDTH"]) for _ in range(self.p["FRAME_TOKENS"])]

    def request(self, frame: list[int]) -> bytes:
        """The request that classifies ``frame``; the bits above a token are noise."""
        width, size = self.p["IN_WIDTH"], self.token_bytes
        noise = self.rng.getrandbits(8 * size - width) << width if 8 * size > width else 0
        return sealed(b"\xa5\x02" + b"".join((t | noise).to_bytes(size, "little") for t in frame))

    async def reply(self, patience: int = 60000) -> tuple[int, bytes]:
        """Status and payload of the next reply, whose frame and checksum are checked."""
        header = await self.listener.take(4, patience)
        assert header[0] == 0x5A, f"a reply begins with 5a, not {header.hex()}"
        length = int.from_bytes(header[2:4], "little")
        rest = await self.listener.take(length + 2, patience)
        whole = header + rest
        assert binascii.crc_hqx(whole, 0xFFFF) == 0, f"the reply's checksum is wrong: {whole.hex()}"
        return header[1], rest[:-2]

    async def classify(self) -> int:
        """One good request and its right answer; returns the clocks that were reported."""
        frame = self.frame()
        await self.line.send(self.request(frame))
        status, payload = await self.reply()
        assert status == OK, f"status {status} for a good frame"
        assert self.frames_seen.pop() == frame, "the accelerator was given another frame"
        assert not self.frames_seen, "the accelerator was given a frame too many"
        seen = frame[: len(frame) // 2] if self.results_before_the_end else frame
        expected = self.result(seen).to_bytes(-(-self.p["OUT_WIDTH"] // 8), "little")
        assert payload[4:] == expected, f"result {payload[4:].hex()}, expected {expected.hex()}"
        assert not int(self.dut.fault_o.value)
        return int.from_bytes(payload[:4], "little")

    async def refused(self, status: int) -> None:
        """The next reply is an error, and the accelerator has seen nothing."""
        got, payload = await self.reply()
        assert (got, payload) == (status, b""), f"status {got} {payload.hex()}, expected {status}"
        assert not self.frames_seen, "a refused request reached the accelerator"
        assert int(self.dut.fault_o.value)


@cocotb.test()
async def identifies_itself(dut: Any) -> None:
    """The reply to identify carries every parameter a driver has to compare."""
    bench = Bench(dut)
    await bench.start()
    await bench.line.send(sealed(b"\xa5\x01"))
    status, payload = await bench.reply()
    p = bench.p
    expected = b"SSNN\x01" + b"".join(
        value.to_bytes(size, "little")
        for value, size in (
            (bench.token_bytes, 2),
            (p["FRAME_TOKENS"], 4),
            (-(-p["OUT_WIDTH"] // 8), 2),
        )
    )
    assert status == OK
    assert payload == expected + bytes.fromhex(p["IDENTITY"].split("h")[1]), payload.hex()


@cocotb.test()
async def classifies(dut: Any) -> None:
    """Frames one after another; the clocks reported are those between the two handshakes."""
    bench = Bench(dut)
    await bench.start()
    measured: list[int] = []

    async def measure() -> None:
        first = None
        clock = 0
        while True:
            await FallingEdge(dut.clk_i)
            await ReadOnly()
            if int(dut.out_valid_o.value) and int(dut.out_ready_i.value) and first is None:
                first = clock
            if int(dut.in_valid_i.value) and int(dut.in_ready_o.value) and first is not None:
                measured.append(clock - first)
                first = None
            clock += 1

    cocotb.start_soon(measure())
    reported = [await bench.classify() for _ in range(3)]
    assert reported == measured, f"reported {reported} clocks, measured {measured}"


@cocotb.test()
async def survives_garbage(dut: Any) -> None:
    """Noise between requests, a stray mark, an unknown command: the next frame is right."""
    bench = Bench(dut)
    await bench.start()
    for _ in range(3):
        noise = [byte for byte in bench.rng.randbytes(5) if byte != 0xA5]
        await bench.line.send(noise)
        await bench.line.send([0xA5] * bench.rng.randint(0, 2))
        await bench.classify()
    await bench.line.send([0xA5, 0x77])
    await bench.refused(UNKNOWN_COMMAND)
    await bench.classify()


@cocotb.test()
async def refuses_a_wrong_checksum(dut: Any) -> None:
    """One flipped bit anywhere after the command is told, and nothing reaches the accelerator."""
    bench = Bench(dut)
    await bench.start()
    for _ in range(3):
        request = bytearray(bench.request(bench.frame()))
        request[bench.rng.randrange(2, len(request))] ^= 1 << bench.rng.randrange(8)
        await bench.line.send(request)
        await bench.refused(BAD_CHECKSUM)
        await bench.classify()


@cocotb.test()
async def gives_up_a_frame_that_breaks_off(dut: Any) -> None:
    """A request cut anywhere is answered after the silence; a lost byte likewise."""
    bench = Bench(dut)
    await bench.start()
    for _ in range(4):
        request = bench.request(bench.frame())
        await bench.line.send(request[: bench.rng.randrange(1, len(request))])
        await bench.refused(INCOMPLETE)
        await bench.classify()
    request = bench.request(bench.frame())
    lost = bench.rng.randrange(2, len(request))
    await bench.line.send(request[:lost])
    await bench.line.hold(1, bench.p["GAP_CLOCKS"] // 2)  # shorter than the silence that counts
    await bench.line.send(request[lost + 1 :])
    await bench.refused(INCOMPLETE)
    await bench.classify()


@cocotb.test()
async def does_not_listen_while_it_answers(dut: Any) -> None:
    """Bytes that come during the inference and its reply are lost, and spoil neither."""
    bench = Bench(dut)
    await bench.start()
    frame = bench.frame()
    await bench.line.send(bench.request(frame))
    cocotb.start_soon(bench.line.send(bench.rng.randbytes(3)))
    status, payload = await bench.reply()
    assert status == OK
    assert len(payload) == 4 + -(-bench.p["OUT_WIDTH"] // 8)
    assert bench.frames_seen.pop() == frame
    await ClockCycles(dut.clk_i, bench.p["GAP_CLOCKS"] + 100 * bench.p["CLOCKS_PER_BIT"])
    bench.listener.received.clear()  # a mark among the last of them may have opened a request
    await bench.classify()


@cocotb.test()
async def restarts_an_accelerator_that_hangs(dut: Any) -> None:
    """No result in time: the accelerator is reset once and the host is told."""
    bench = Bench(dut)
    await bench.start(answering=False)
    await ClockCycles(dut.clk_i, 2)
    before = bench.restarts
    await bench.line.send(bench.request(bench.frame()))
    status, payload = await bench.reply()
    assert (status, payload) == (STALLED, b""), f"status {status} for an accelerator that hangs"
    assert bench.restarts == before + 1, "the accelerator was not restarted exactly once"
    cocotb.start_soon(bench._accelerate())
    await bench.classify()


@cocotb.test(skip=not case().parameters.get("LOADABLE"))
async def loads_an_image(dut: Any) -> None:
    """In blocks of any size; what is broken, repeated or out of turn never reaches the accelerator."""
    bench = Bench(dut)
    await bench.start(loaded=False)
    image = [bench.rng.getrandbits(32) for _ in range(bench.image_words)]
    small = len(image) - 256
    cuts = sorted(bench.rng.sample(range(1, small), 2))
    ends = [(0, cuts[0]), (cuts[0], cuts[1]), (cuts[1], small), (small, len(image))]
    blocks = [image[start:end] for start, end in ends]
    for _ in range(2):  # the second image replaces the first
        await bench.line.send(bench.block(2, blocks[1]))
        await bench.refused(OUT_OF_TURN)
        for number, words in enumerate(blocks):
            if len(words) < 256:
                request = bytearray(bench.block(number, words))
                request[bench.rng.randrange(5, len(request))] ^= 1 << bench.rng.randrange(8)
                await bench.line.send(request)
                await bench.refused(BAD_CHECKSUM)
            if number:
                await bench.line.send(bench.request(bench.frame()))
                await bench.refused(NOT_LOADED)
            for _ in range(2 if number == 1 else 1):  # its reply was lost
                await bench.load(number, words, whole=number == len(blocks) - 1)
            taken = sum(map(len, blocks[: number + 1]))
            assert bench.loaded == image[:taken], f"{len(bench.loaded)} of {taken} words, or others"
        await bench.classify()
        await bench.line.send(bench.block(len(blocks) + 1, [0]))
        await bench.refused(OUT_OF_TURN)
        await bench.classify()
        await bench.load(0, [bench.rng.getrandbits(32)])  # begins another one, and resets what was there
        assert len(bench.loaded) == 1


@cocotb.test(skip=not case().parameters.get("LOADABLE"))
async def restarts_loaders_that_hang(dut: Any) -> None:
    """A block that is not taken in time is told, and the image begins anew."""
    bench = Bench(dut)
    await bench.start(loaded=False)
    image = [bench.rng.getrandbits(32) for _ in range(bench.image_words)]
    await bench.load(0, image[:3])
    bench.deaf = True
    before = bench.restarts
    await bench.line.send(bench.block(1, image[3:7]))
    await bench.refused(STALLED)
    assert bench.restarts == before + 1
    bench.deaf = False
    await bench.line.send(bench.block(2, image[7:9]))
    await bench.refused(OUT_OF_TURN)
    places = range(0, len(image), 200)
    for number, place in enumerate(places):
        await bench.load(number, image[place : place + 200], whole=number == len(places) - 1)
    assert bench.loaded == image
    await bench.classify()


@cocotb.test(skip=bool(case().parameters.get("LOADABLE")))
async def knows_no_weights(dut: Any) -> None:
    """Without a load port command 3 is unknown."""
    bench = Bench(dut)
    await bench.start()
    await bench.line.send([0xA5, 0x03])
    await bench.refused(UNKNOWN_COMMAND)
    await bench.classify()
