"""Mutants that survive because they change nothing, each with the reason."""

from __future__ import annotations

import re

from sim.bench import ROOT

_MAJORITY = "majority of three, or'ed from terms of which no two are one at once"
_ONE_VALUE = "only where the count stays 0: it gets a second bit"
_OVERWRITTEN = "every path behind it sets the value anew"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("line_buffer", "return (top < 0) ? 0 : int'(top);", "operator: top < 0 -> (top) <= (0)"): (
        "at 0 both branches are 0"
    ),
    (
        "popcount_lane",
        "assign twos = {(row[0] & row[1]) | (row[2] & (row[0] ^ row[1])), 1'b0};",
        "operator: (row[0] & row[1]) | (row[2] & (row[0] ^ row[1])) -> "
        "((row[0] & row[1])) ^ ((row[2] & (row[0] ^ row[1])))",
    ): _MAJORITY,
    (
        "popcount_pairs",
        "assign high_o = {WIDTH{INVERTED}} ^ ((first & second) | (third & (first ^ second)));",
        "operator: first ^ second -> (first) | (second)",
    ): _MAJORITY,
    (
        "axi_burst",
        "assign length_o    = 9'(left_i < longest ? left_i : longest);",
        "operator: left_i < longest -> (left_i) <= (longest)",
    ): "where they are equal, either is the length",
    (
        "axi_writer",
        "cut_q    <= '0;",
        "assignment removed: cut_q <= '0; -> ;",
    ): "nothing is stored after a halt, so no burst begins, and the next cycle cuts one of no beats",
    (
        "popcount_lane",
        "assign compressed[UP + SIX] = (three[0] & three[1]) | (three[2] & (three[0] ^ three[1]));",
        "operator: (three[0] & three[1]) | (three[2] & (three[0] ^ three[1])) -> "
        "((three[0] & three[1])) ^ ((three[2] & (three[0] ^ three[1])))",
    ): _MAJORITY,
    (
        "popcount_pairs",
        "assign high_o = {WIDTH{INVERTED}} ^ ((first & second) | (third & (first ^ second)));",
        "operator: (first & second) | (third & (first ^ second)) -> "
        "((first & second)) ^ ((third & (first ^ second)))",
    ): _MAJORITY,
    (
        "axi_burst",
        "assign longest     = 32'(to_boundary) < 32'(MAX_BURST) ? 32'(to_boundary) : 32'(MAX_BURST);",
        "operator: 32'(to_boundary) < 32'(MAX_BURST) -> (32'(to_boundary)) <= (32'(MAX_BURST))",
    ): "where they are equal, either is the length",
    (
        "axi_accelerator",
        "assign m_axi_weights_arid    = '0;",
        "constant: '0 -> '1",
    ): "the port has one id, and either will do",
    ("lif", "counts   = '0;", "constant: '0 -> '1"): _OVERWRITTEN,
    (
        "lif",
        "digit = rest % 4 == 3 ? -1 : rest % 2;",
        "constant: 4 -> 3",
    ): "no rest modulo 3 is 3, so all digits are ones: the same multiple, of more terms",
    (
        "lif",
        "membrane = MEM_BITS'(sum >>> LEAK_SHIFT);",
        "operator: sum >>> LEAK_SHIFT -> (sum) >> (LEAK_SHIFT)",
    ): "sum has MEM_BITS + LEAK_SHIFT bits: what is shifted in is cut off",
    (
        "lif",
        "assign drive_free = !drive_valid_q || !drive_last_q || emit_ready;",
        "operator: !drive_valid_q || !drive_last_q -> (!drive_valid_q) && (!drive_last_q)",
    ): "the same tokens; while the output is blocked, a token waits a few steps earlier",
    (
        "uart_accelerator",
        "timer_q   <= '0;",
        "assignment removed: timer_q <= '0; -> ;",
    ): "the byte that ends the request has just cleared the timer",
    (
        "uart_accelerator",
        "running_q <= 1'b0;",
        "constant: 1'b0 -> 1'b1",
    ): "every request clears it, with the count that it governs",
    (
        "uart_accelerator",
        "running_q <= 1'b0;",
        "assignment removed: running_q <= 1'b0; -> ;",
    ): "every request clears it, with the count that it governs",
    (
        "input_decoder",
        "assign event_token      = '0;",
        "constant: '0 -> '1",
    ): "without the front end no token of events is ever valid",
    (
        "run_counters",
        "for (int i = 0; i < 3; i++) events_o[i] <= event_counts_i[i] - events_before_q[i];",
        "constant: 3 -> 4",
    ): "what is assigned beyond the three counts goes nowhere",
    (
        "tap_reader",
        "localparam int WORD_BITS   = (WORDS > 1) ? $clog2(WORDS) : 1;",
        "constant: 1 -> 0",
    ): _ONE_VALUE,
    (
        "tap_reader",
        "localparam int FOLD_BITS  = (FOLDS > 1) ? $clog2(FOLDS) : 1;",
        "operator: FOLDS > 1 -> (FOLDS) >= (1)",
    ): _ONE_VALUE,
    (
        "uart_accelerator",
        "default: state_q <= HUNT;",
        "assignment removed: state_q <= HUNT; -> ;",
    ): "no state leads to a code that is none",
    (
        "bin_ring",
        "{reading_q, clearing_q, emit_q, next_q, read_start_q} <= "
        "{1'b1, 1'b1, 1'b0, PIXEL_BITS'(0), BLOCK_BITS'(0)};",
        "constant: 1'b1 -> 1'b0",
    ): "the pass after reset clears all bins whatever clearing_q is",
    (
        "bin_ring",
        "if (rst_i) turn_q <= 1'b0;",
        "constant: 1'b0 -> 1'b1",
    ): "events wait for the pass after reset, whose reads set the turn",
    (
        "event_filter",
        "parameter int Y_BITS        = (SENSOR_HEIGHT > 1) ? $clog2(SENSOR_HEIGHT) : 1",
        "constant: 1 -> 2",
    ): "only for a sensor of one row: a coordinate that is 0 gets a second bit",
    (
        "line_buffer",
        "localparam int COUNT_BITS = (KERNEL * GROUPS > 1) ? $clog2(KERNEL * GROUPS) : 1;",
        "constant: 1 -> 2",
    ): _ONE_VALUE,
    (
        "stream_fork",
        "else taken_q <= taken_q | (out_valid_o & out_ready_i);",
        "operator: taken_q | (out_valid_o & out_ready_i) -> (taken_q) ^ ((out_valid_o & out_ready_i))",
    ): "a copy that is taken is not offered, so the two are never one at once",
    ("popcount_lane", "assign high[WIDE] = 1'b0;", "constant: 1'b0 -> 1'b1"): (
        "the bit fills a vector and is not read"
    ),
}
"""(module, source line, operator and edit) of a mutant: why no bench can see it."""


def reason(name: str) -> str | None:
    """Why the survivor ``name`` of ``hw/rtl`` is equivalent, or None."""
    found = re.fullmatch(r"(\w+):(\d+) (.*)", name, re.DOTALL)
    if found is None:
        raise ValueError(f"{name!r} is no name of a mutant: module:line operator: old -> new")
    lines = (ROOT / "hw" / "rtl" / f"{found[1]}.sv").read_text().splitlines()
    line = lines[int(found[2]) - 1].split("//")[0].strip()
    return EQUIVALENT.get((found[1], line, found[3]))
