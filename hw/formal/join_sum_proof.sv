// join_sum: the k-th sum is that of the k-th tokens of both inputs, whenever they come; by induction.
module join_sum_proof (
  input logic clk_i, rst_i, out_ready_i,
  input logic [1:0] in_valid_i,
  input logic [5:0] in_data_i,      // two channels: of one bit, of two bits
  input logic [3:0] watch_i
);
  logic [1:0] in_ready;
  logic out_valid;
  logic [5:0] out_data, watched, unused_out, expected;
  logic [1:0][3:0] number;
  logic [3:0] out_number, ahead;

  join_sum #(.INPUTS(2), .GROUP(2), .TIMESTEPS(1), .ACT_BITS({8'd2, 8'd1}), .OUT_BITS(3)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(2), .ASSUMED(1)) i_first (
    .clk_i, .rst_i, .valid_i(in_valid_i[0]), .ready_i(in_ready[0]), .data_i(in_data_i[1:0]),
    .watch_i, .number_o(number[0]), .watched_o(watched[1:0])
  );
  stream_watch #(.WIDTH(4), .ASSUMED(1)) i_second (
    .clk_i, .rst_i, .valid_i(in_valid_i[1]), .ready_i(in_ready[1]), .data_i(in_data_i[5:2]),
    .watch_i, .number_o(number[1]), .watched_o(watched[5:2])
  );
  stream_watch #(.WIDTH(6)) i_sum (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i, .number_o(out_number), .watched_o(unused_out)
  );

  always_comb
    for (int c = 0; c < 2; c++)
      {expected[4+c], expected[2+c], expected[c]} = 3'(watched[c]) + 3'({watched[4+c], watched[2+c]});

  assign ahead = watch_i - out_number;
  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb if (began && !rst_i && out_valid && ahead == '0) sum_of_the_pair: assert (out_data == expected);
  for (genvar i = 0; i < 2; i++) begin : g_input
    logic [3:0] held;
    logic [3:0] token, spare;
    assign held  = number[i] - out_number;
    assign token = (i == 0) ? 4'(i_dut.token[1:0]) : i_dut.token[5:2];
    assign spare = 4'(i_dut.g_input[i].i_token.spare_q);
    always_comb if (began && !rst_i) begin
      none_from_nothing:  assert (!out_valid || held != '0);
      none_beyond_places: assert (held <= 4'd3);
      // Where the tokens are.
      assert (held == 4'(out_valid) + 4'(i_dut.token_valid[i]) + 4'(i_dut.g_input[i].i_token.spare_valid_q));
      assert (!i_dut.g_input[i].i_token.spare_valid_q || i_dut.token_valid[i]);
      if (ahead < held && ahead >= 4'(out_valid))
        assert ((ahead == 4'(out_valid) ? token : spare) == ((i == 0) ? 4'(watched[1:0]) : watched[5:2]));
    end
  end
endmodule
