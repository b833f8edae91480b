// Turns the tokens of a frame into the kernel's beats for a dense layer.
//
// Two frames of memory: one is read, once for every PE group and plane group, while the next one
// arrives. beat_skip_o is always 0 here.
module frame_reader #(
  parameter int TOKENS    = 4,
  parameter int PLANES    = 2,
  parameter int ACT_BITS  = 1,
  parameter int SIMD      = 8,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 2,
  parameter int ADDRESS_BITS = (TOKENS * PE_GROUPS > 1) ? $clog2(TOKENS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                        // derived
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [SIMD*PLANES-1:0]  in_data_i,
  output logic                    beat_valid_o,
  input  logic                    beat_ready_i,
  output logic [TP*SIMD-1:0]      beat_x_o,
  output logic [ADDRESS_BITS-1:0] beat_address_o,
  output logic [SHIFT_BITS-1:0]   beat_shift_o,
  output logic                    beat_first_o,
  output logic                    beat_last_o,
  output logic                    beat_skip_o
);

  localparam int FOLD_BITS    = (TOKENS > 1) ? $clog2(TOKENS) : 1;
  localparam int PLACE_BITS   = $clog2(2 * TOKENS);
  localparam int PLANE_GROUPS = PLANES / TP;
  localparam int GROUP_BITS   = (PLANE_GROUPS > 1) ? $clog2(PLANE_GROUPS) : 1;

  // -------------------------------------------------------------------------------------------
  // Frames in the memory, half by half
  // -------------------------------------------------------------------------------------------

  logic [1:0]           frames_q;        // complete and not yet read to the end
  logic [FOLD_BITS-1:0] write_q;
  logic                 write_half_q, read_half_q;
  logic                 write, frame_written, frame_read;

  assign in_ready_o    = frames_q != 2'd2;
  assign write         = in_valid_i && in_ready_o;
  assign frame_written = write && write_q == FOLD_BITS'(TOKENS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {frames_q, write_q, write_half_q, read_half_q} <= '0;
    end else begin
      frames_q     <= frames_q + 2'(frame_written) - 2'(frame_read);
      write_half_q <= write_half_q ^ frame_written;
      read_half_q  <= read_half_q ^ frame_read;
      if (write) write_q <= frame_written ? '0 : write_q + 1'b1;
    end
  end

  function automatic logic [PLACE_BITS-1:0] place(logic half, logic [FOLD_BITS-1:0] token);
    return PLACE_BITS'(int'(token) + (half ? TOKENS : 0));
  endfunction

  // -------------------------------------------------------------------------------------------
  // Reading, one beat ahead of the kernel
  // -------------------------------------------------------------------------------------------

  logic [FOLD_BITS-1:0]    fold;
  logic [GROUP_BITS-1:0]   plane_group, plane_group_q;
  logic [ADDRESS_BITS-1:0] address;
  logic [SHIFT_BITS-1:0]   shift;
  logic                    first, last, frame_last;
  logic                    enable, issue;
  logic [SIMD*PLANES-1:0]  word;
  logic [PLANE_GROUPS-1:0][TP*SIMD-1:0] choice;

  assign enable     = !beat_valid_o || beat_ready_i;
  assign issue      = enable && frames_q != '0;
  assign frame_read = issue && frame_last;

  beat_order #(
    .FOLDS(TOKENS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS)
  ) i_order (
    .clk_i, .rst_i,
    .advance_i    (issue),
    .skip_i       (1'b0),
    .fold_o       (fold),
    .plane_group_o(plane_group),
    .address_o    (address),
    .shift_o      (shift),
    .first_o      (first),
    .last_o       (last),
    .final_o      (frame_last)
  );

  weight_memory #(.WIDTH(SIMD*PLANES), .DEPTH(2*TOKENS)) i_frames (
    .clk_i,
    .read_en_i   (issue),
    .read_addr_i (place(read_half_q, fold)),
    .read_data_o (word),
    .write_en_i  (write),
    .write_addr_i(place(write_half_q, write_q)),
    .write_data_i(in_data_i)
  );

  always_ff @(posedge clk_i) begin
    if (issue) begin
      plane_group_q  <= plane_group;
      beat_address_o <= address;
      beat_shift_o   <= shift;
      beat_first_o   <= first;
      beat_last_o    <= last;
    end
    if (rst_i) beat_valid_o <= 1'b0;
    else if (enable) beat_valid_o <= issue;
  end

  // Planes are the slow index of a token, so TP of them lie side by side.
  assign choice      = word;
  assign beat_x_o    = choice[plane_group_q];
  assign beat_skip_o = 1'b0;

endmodule
