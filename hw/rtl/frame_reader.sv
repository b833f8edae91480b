// Turns the tokens of a frame into the kernel's beats for a dense layer, beats of zeros left out.
//
// Each plane group has a memory of its own, into which its part of a token goes only if it is not
// zero, beside the token's place in the frame. So what is read, once for every PE group, is a list
// without zeros, one entry a cycle. A timestep group of zeros still has one beat, with
// beat_skip_o. There is room for two frames: one is read while the next one arrives.
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
  localparam int COUNT_BITS   = $clog2(TOKENS + 1);
  localparam int PLACE_BITS   = $clog2(2 * TOKENS);
  localparam int PLANE_GROUPS = PLANES / TP;
  localparam int GROUP_BITS   = (PLANE_GROUPS > 1) ? $clog2(PLANE_GROUPS) : 1;
  localparam int PE_BITS      = (PE_GROUPS > 1) ? $clog2(PE_GROUPS) : 1;
  localparam int PART         = TP * SIMD;       // of a token, in one plane group

  // -------------------------------------------------------------------------------------------
  // Frames in the memories, half by half
  // -------------------------------------------------------------------------------------------

  logic [1:0]           frames_q;        // complete and not yet read to the end
  logic                 walked_q;        // the frame being read has no further plane group to give
  logic [FOLD_BITS-1:0] write_q;
  logic                 write_half_q, walk_half_q;
  logic                 write, frame_written, frame_walked, frame_read;

  assign in_ready_o    = frames_q != 2'd2;
  assign write         = in_valid_i && in_ready_o;
  assign frame_written = write && write_q == FOLD_BITS'(TOKENS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {frames_q, walked_q, write_q, write_half_q, walk_half_q} <= '0;
    end else begin
      frames_q     <= frames_q + 2'(frame_written) - 2'(frame_read);
      walked_q     <= frame_walked || (walked_q && !frame_read);
      write_half_q <= write_half_q ^ frame_written;
      walk_half_q  <= walk_half_q ^ frame_walked;
      if (write) write_q <= frame_written ? '0 : write_q + 1'b1;
    end
  end

  function automatic logic [PLACE_BITS-1:0] place(logic half, logic [COUNT_BITS-1:0] entry);
    return PLACE_BITS'(int'(entry) + (half ? TOKENS : 0));
  endfunction

  // -------------------------------------------------------------------------------------------
  // The lists that are due: those of the plane groups that have an entry
  // -------------------------------------------------------------------------------------------

  // Entries of either half. The list comes first: each has a process of its own, and an index that
  // only runs at run time would make all of them drivers of the whole variable.
  logic [PLANE_GROUPS-1:0][1:0][COUNT_BITS-1:0] count_q;
  logic [PLANE_GROUPS-1:0] filled;
  logic                    list_valid, list_first, list_last, list_skip, list_final, list_half;
  logic [GROUP_BITS-1:0]   list_group;
  logic [PE_BITS-1:0]      list_pe;
  logic [SHIFT_BITS-1:0]   list_shift;
  logic                    enable, list_done, unused_fold, unused_slice;

  beat_picker #(
    .FOLDS(1), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS), .SLICES(1), .TAG_BITS(1)
  ) i_lists (
    .clk_i, .rst_i,
    .enable_i      (enable && (list_done || !list_valid)),
    .window_valid_i(walked_q ? frames_q == 2'd2 : frames_q != '0),
    .window_ready_o(frame_walked),
    .work_i        (filled),
    .tag_i         (walk_half_q),
    .pick_valid_o  (list_valid),
    .fold_o        (unused_fold),
    .plane_group_o (list_group),
    .slice_o       (unused_slice),
    .address_o     (list_pe),
    .shift_o       (list_shift),
    .first_o       (list_first),
    .last_o        (list_last),
    .skip_o        (list_skip),
    .final_o       (list_final),
    .tag_o         (list_half)
  );

  // -------------------------------------------------------------------------------------------
  // Their entries, two beats ahead of the kernel: one is read from its list while the one before is
  // chosen out of the lists, so that no memory's output has a way through another memory's address
  // -------------------------------------------------------------------------------------------

  logic [COUNT_BITS-1:0]                         entry_q;
  logic [PLANE_GROUPS-1:0][FOLD_BITS+PART-1:0]   entry;
  logic [GROUP_BITS-1:0]                         group_q;
  logic [ADDRESS_BITS-1:0]                       base_q;
  logic [SHIFT_BITS-1:0]                         shift_q;
  logic                                          read_q, first_q, last_q, skip_q;
  logic [FOLD_BITS-1:0]                          fold;
  logic [PART-1:0]                               x;
  logic                                          issue;

  assign enable     = !beat_valid_o || beat_ready_i;
  assign issue      = enable && list_valid;
  assign list_done  = list_skip || entry_q + 1'b1 == count_q[list_group][list_half];
  assign frame_read = issue && list_done && list_final;

  for (genvar g = 0; g < PLANE_GROUPS; g++) begin : g_list
    logic [COUNT_BITS-1:0] count;   // entries before this token
    logic                  keep;

    assign filled[g] = count_q[g][walk_half_q] != '0;
    assign count     = (write_q == '0) ? '0 : count_q[g][write_half_q];
    assign keep     = write && in_data_i[g*PART +: PART] != '0;

    always_ff @(posedge clk_i)
      if (write) count_q[g][write_half_q] <= count + COUNT_BITS'(keep);

    weight_memory #(.WIDTH(FOLD_BITS+PART), .DEPTH(2*TOKENS)) i_entries (
      .clk_i,
      .read_en_i   (issue),
      .read_addr_i (place(list_half, entry_q)),
      .read_data_o (entry[g]),
      .write_en_i  (keep),
      .write_addr_i(place(write_half_q, count)),
      .write_data_i({write_q, in_data_i[g*PART +: PART]})
    );
  end

  assign {fold, x} = entry[group_q];

  always_ff @(posedge clk_i) begin
    if (enable) begin
      group_q <= list_group;
      base_q  <= ADDRESS_BITS'(int'(list_pe) * TOKENS);
      shift_q <= list_shift;
      first_q <= list_first && entry_q == '0;
      last_q  <= list_last && list_done;
      skip_q  <= list_skip;

      beat_x_o       <= x;
      beat_address_o <= ADDRESS_BITS'(int'(base_q) + int'(fold));
      beat_shift_o   <= shift_q;
      beat_first_o   <= first_q;
      beat_last_o    <= last_q;
      beat_skip_o    <= skip_q;
    end
    if (rst_i) {read_q, beat_valid_o, entry_q} <= '0;
    else if (enable) begin
      read_q       <= issue;
      beat_valid_o <= read_q;
      entry_q      <= (issue && !list_done) ? entry_q + 1'b1 : '0;
    end
  end

  logic unused;
  assign unused = &{1'b0, unused_fold, unused_slice};

endmodule
