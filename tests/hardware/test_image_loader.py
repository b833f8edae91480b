"""The chain of image loaders, and the gate that waits for it."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

# One stream word is less than, exactly, and far from one memory word; the last loader takes one word.
_MEMORIES = [(40, 3), (32, 5), (7, 4), (100, 2), (20, 1)]


def _chain(memories: list[tuple[int, int]]) -> str:
    """A top with the loaders of ``memories`` behind each other."""
    count, bits = len(memories), sum(width for width, _ in memories)
    words = [-(-width // 32) * depth for width, depth in memories]
    body, first = [], 0
    for i, (width, depth) in enumerate(memories):
        address = max(1, (depth - 1).bit_length())
        body.append(f"""
  assign write_addr_o[{8 * i + 7}:{8 * i + address}] = '0;
  image_loader #(.WIDTH({width}), .DEPTH({depth}), .FOLLOWING({sum(words[i + 1 :])})) i_loader_{i} (
    .clk_i, .rst_i,
    .in_valid_i(valid[{i}]), .in_ready_o(ready[{i}]), .in_data_i(data[{i}]),
    .out_valid_o(valid[{i + 1}]), .out_ready_i(ready[{i + 1}]), .out_data_o(data[{i + 1}]),
    .write_en_o(write_en_o[{i}]), .write_addr_o(write_addr_o[{8 * i}+:{address}]),
    .write_data_o(write_data_o[{first}+:{width}]), .loaded_o(loaded[{i}])
  );""")
        first += width
    return f"""module loader_chain (
  input  logic clk_i, rst_i, in_valid_i,
  output logic in_ready_o,
  input  logic [31:0] in_data_i,
  output logic [{count - 1}:0] write_en_o,
  output logic [{8 * count - 1}:0] write_addr_o,
  output logic [{bits - 1}:0] write_data_o,
  output logic loaded_o
);
  logic [{count - 1}:0] loaded;
  logic [{count}:0] valid, ready;
  logic [{count}:0][31:0] data;
  logic unused_end;
  assign valid[0] = in_valid_i;
  assign data[0] = in_data_i;
  assign in_ready_o = ready[0];
  assign ready[{count}] = 1'b1;
  assign unused_end = ^data[{count}] ^ valid[{count}];
  assign loaded_o = &loaded;
{"".join(body)}
endmodule
"""


@pytest.mark.parametrize("stall", [0.0, 0.4], ids=["full-rate", "stalls"])
def test_chain(stall: float) -> None:
    config = {"memories": _MEMORIES, "images": 3, "stall": stall}
    top = _chain(_MEMORIES)
    run_bench("loader_chain", bench="bench_image_loader", parameters={}, seed=5, config=config, top=top)


@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.4, 0.4)], ids=["full-rate", "stalls"])
def test_stream_gate(stalls: tuple[float, float]) -> None:
    parameters = {"WIDTH": 9, "FRAME_TOKENS": 6}
    config = {"frames": 30, "stall_in": stalls[0], "stall_out": stalls[1]}
    run_bench("stream_gate", bench="bench_stream_gate", parameters=parameters, seed=6, config=config)
