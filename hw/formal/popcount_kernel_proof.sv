// popcount_kernel: one accumulator token a timestep group, with the sum of the group's beats,
// whatever stalls, for all inputs and weights.
module popcount_kernel_proof #(
  parameter int PE          = 1,
  parameter int SIMD        = 2,
  parameter int TP          = 1,
  parameter int ACT_BITS    = 1,
  parameter int WEIGHT_BITS = 2,
  parameter int ACC_BITS    = 4,
  parameter int ROOM        = 2,
  localparam int NT         = (TP > ACT_BITS) ? TP / ACT_BITS : 1,
  localparam int RESIDENT   = (TP < ACT_BITS) ? TP : ACT_BITS,
  localparam int SHIFT_BITS = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1,
  localparam int WORD       = PE * SIMD * WEIGHT_BITS,
  localparam int BEAT       = TP * SIMD + SHIFT_BITS + 3,
  localparam int SUMS       = NT * PE * ACC_BITS
) (
  input logic clk_i, rst_i, beat_valid_i, out_ready_i,
  input logic [BEAT-1:0] beat_i,
  input logic [WORD-1:0] weight_i,
  input logic [3:0] watch_i              // a token
);
  logic beat_ready, out_valid, skipped, first, last, skip, take;
  logic [TP*SIMD-1:0] x;
  logic [SHIFT_BITS-1:0] shift;
  logic [SUMS-1:0] out_data;
  assign {x, shift, first, last, skip} = beat_i;

  logic [WORD-1:0] word;
  logic began = 1'b0;
  always_ff @(posedge clk_i) if (beat_ready) word <= weight_i;   // as a memory gives it: one cycle late
  popcount_kernel #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .ROOM(ROOM)
  ) i_dut (
    .clk_i, .rst_i, .beat_valid_i, .beat_ready_o(beat_ready), .beat_x_i(x), .beat_shift_i(shift),
    .beat_first_i(first), .beat_last_i(last), .beat_skip_i(skip), .weight_i(word),
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data), .out_skipped_o(skipped)
  );

  stream_watch #(.WIDTH(BEAT), .ASSUMED(1)) i_beats (
    .clk_i, .rst_i, .valid_i(beat_valid_i), .ready_i(beat_ready), .data_i(beat_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  logic [3:0] out_number;
  stream_watch #(.WIDTH(SUMS + 1)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i({skipped, out_data}),
    .watch_i, .number_o(out_number), .watched_o()
  );

  // The sums of the group so far, this beat included; those of the group watched stay.
  logic [SUMS-1:0] so_far_q, so_far, expected_q;
  logic open_q, expected_skip_q;         // inside a group
  logic [3:0] group;                     // number of the group
  logic [2:0] since_q;                   // cycles since a group ended
  always_comb
    for (int t = 0; t < NT; t++)
      for (int p = 0; p < PE; p++) begin
        automatic logic [ACC_BITS-1:0] sum, w;
        sum = first ? '0 : so_far_q[(t*PE + p)*ACC_BITS +: ACC_BITS];
        for (int i = 0; i < SIMD; i++) begin
          if (WEIGHT_BITS == 1) w = weight_i[p*SIMD + i] ? ACC_BITS'(1) : '1;
          else w = ACC_BITS'(signed'(weight_i[(p*SIMD + i)*WEIGHT_BITS +: WEIGHT_BITS]));
          for (int r = 0; r < RESIDENT; r++)
            if (x[(t*RESIDENT + r)*SIMD + i] && !skip) sum = sum + (w << (r + int'(shift)));
        end
        so_far[(t*PE + p)*ACC_BITS +: ACC_BITS] = sum;
      end

  assign take = beat_valid_i && beat_ready;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) since_q <= '0;
    else since_q <= (take && last) ? '0 : since_q + 3'(since_q != '1);
    if (rst_i) {group, open_q} <= '0;
    else if (take) begin
      so_far_q <= so_far;
      open_q   <= !last;
      group    <= group + 4'(last);
      if (last && group == watch_i) {expected_skip_q, expected_q} <= {skip, so_far};
    end
  end
  always_comb begin
    if (WEIGHT_BITS > 1)
      for (int i = 0; i < PE*SIMD; i++)
        assume (weight_i[i*WEIGHT_BITS +: WEIGHT_BITS] != WEIGHT_BITS'(1 << (WEIGHT_BITS - 1)));
    if (beat_valid_i) assume (first == !open_q && int'(shift) <= ACT_BITS - RESIDENT && (!skip || (first && last)));
    if (began && !rst_i) begin
      none_from_nothing: assert (!out_valid || group != out_number);
      room_for_all: assert (4'(group - out_number) <= 4'(ROOM));
      none_lost: assert (since_q != '1 || out_valid || group == out_number);
      if (out_valid && out_number == watch_i)
        sums_of_the_group: assert (out_data == expected_q && skipped == expected_skip_q);
    end
  end
endmodule
