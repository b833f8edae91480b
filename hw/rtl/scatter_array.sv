// Adds words to sums of windows: ROW_BANKS x COLUMN_BANKS memories of sums, each with PE x NT lanes
// in front of it, and one of them read out at a time.
//
// Column c of windows lies in column bank c mod COLUMN_BANKS, and so with rows where there are several
// row banks. The weight word that a memory presents one cycle after the step holds a tap for each row and
// column that a word can reach at once, counted down from the highest; it is turned to the banks. What
// goes in comes out after the same number of cycles: nothing here waits.
//
// Beside the sums of a place stands a bit that tells whether anything was added. It is cleared when
// the place is read, so the first word that comes next starts from zero: no sum is ever erased.
// The sums are added in the library's accumulator, which takes on its own last sum where
// step_forward says that the memory has not got it yet.
module scatter_array #(
  parameter int SIMD         = 2,
  parameter int NT           = 2,     // timesteps at once
  parameter int ACT_BITS     = 1,
  parameter int PE           = 4,
  parameter int WEIGHT_BITS  = 4,
  parameter int ACC_BITS     = 12,
  parameter int ROW_BANKS    = 1,
  parameter int COLUMN_BANKS = 3,
  parameter int SLOT_BITS    = 2,
  parameter int BANK_BITS    = 2,
  parameter int PLACES       = 16,
  parameter int BLOCK        = 0,
  parameter int SUM_BITS     = (PLACES > 1) ? $clog2(PLACES) : 1,        // derived
  parameter int TAPS         = ROW_BANKS * COLUMN_BANKS                  // derived
) (
  input  logic                                    clk_i,
  input  logic                                    rst_i,
  input  logic                                    clear_i,
  input  logic [SUM_BITS-1:0]                     clear_place_i,
  input  logic                                    step_valid_i,
  input  logic                                    step_read_i,
  input  logic [SIMD*NT*ACT_BITS-1:0]      step_word_i,
  input  logic [SLOT_BITS-1:0]                    step_row_turn_i,
  input  logic [BANK_BITS-1:0]                    step_turn_i,
  input  logic [ROW_BANKS-1:0]                    step_row_i,
  input  logic [COLUMN_BANKS-1:0]                 step_column_i,
  input  logic [ROW_BANKS-1:0]                    step_forward_row_i,
  input  logic [COLUMN_BANKS-1:0]                 step_forward_i,
  input  logic [COLUMN_BANKS-1:0][SUM_BITS-1:0]   step_place_i,
  input  logic [TAPS*PE*SIMD*WEIGHT_BITS-1:0]     weight_i,
  output logic                                    out_valid_o,
  output logic [NT*PE*ACC_BITS-1:0]        out_data_o,
  output logic                                    out_skipped_o
);

  localparam int LANES   = NT * PE;
  localparam bit BINARY  = WEIGHT_BITS == 1;
  localparam int BITS    = BINARY ? 2 : WEIGHT_BITS;     // binary weights as two's complement: 01 or 11
  localparam int LARGEST = SIMD * ((1 << (BITS - 1)) - 1) * ((1 << ACT_BITS) - 1);
  localparam int EXACT   = $clog2(LARGEST + 1) + 1;
  localparam int TERM    = (EXACT < ACC_BITS) ? EXACT : ACC_BITS;

  if (PE < 1 || SIMD < 1 || NT < 1 || ACT_BITS < 1) begin : g_bad_sizes
    $error("scatter_array: PE, SIMD, NT and ACT_BITS must be at least 1");
  end
  if (WEIGHT_BITS < 1 || WEIGHT_BITS > 8) begin : g_bad_weight_bits
    $error("scatter_array: WEIGHT_BITS must be 1 to 8");
  end

  // -------------------------------------------------------------------------------------------
  // The step waits one stage for its weights
  // -------------------------------------------------------------------------------------------

  localparam int TAG = 2 + SLOT_BITS + BANK_BITS + 2*ROW_BANKS + 2*COLUMN_BANKS + COLUMN_BANKS*SUM_BITS;

  logic [SIMD*NT*ACT_BITS-1:0] word_q;
  logic [TAG-1:0]                     tag_q;
  int                                 row_turn_of_step, turn_of_step;

  assign row_turn_of_step = int'(tag_q[TAG-3 -: SLOT_BITS]);
  assign turn_of_step     = int'(tag_q[TAG-3-SLOT_BITS -: BANK_BITS]);

  always_ff @(posedge clk_i) begin
    word_q <= step_word_i;
    if (rst_i) tag_q <= '0;
    else tag_q <= {step_valid_i, step_read_i, step_row_turn_i, step_turn_i, step_row_i, step_column_i,
                   step_forward_row_i, step_forward_i, step_place_i};
  end

  // -------------------------------------------------------------------------------------------
  // Products: of every bank, PE channel and timestep
  // -------------------------------------------------------------------------------------------

  logic [TAPS-1:0][PE*SIMD*WEIGHT_BITS-1:0] tap;
  logic [TAPS-1:0][LANES*TERM-1:0]          term;
  logic [TAPS-1:0][LANES-1:0][TAG-1:0]      tags;    // all lanes are equally long: the first one's tag serves
  assign tap = weight_i;

  // The tap of a bank, counted down from the one that the highest row or column lies in.
  function automatic int tap_of(int turn, int bank, int banks);
    return (banks == 1) ? 0 : (turn >= bank) ? turn - bank : turn - bank + banks;
  endfunction

  // Columns first, for all rows together, then rows: two small choices a bit, where one of all taps is wide.
  logic [ROW_BANKS-1:0][COLUMN_BANKS-1:0][PE*SIMD*WEIGHT_BITS-1:0] by_column;

  for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_by_column
    int column_tap;
    assign column_tap = tap_of(turn_of_step, b, COLUMN_BANKS);
    always_comb begin
      for (int r = 0; r < ROW_BANKS; r++) begin
        by_column[r][b] = '0;
        for (int n = 0; n < COLUMN_BANKS; n++)
          if (n == column_tap) by_column[r][b] = by_column[r][b] | tap[r*COLUMN_BANKS + n];
      end
    end
  end

  for (genvar s = 0; s < ROW_BANKS; s++) begin : g_row
    for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_bank
      int row_tap;
      logic [PE*SIMD*WEIGHT_BITS-1:0] turned;
      assign row_tap = tap_of(row_turn_of_step, s, ROW_BANKS);
      always_comb begin
        turned = '0;
        for (int n = 0; n < ROW_BANKS; n++) if (n == row_tap) turned = turned | by_column[n][b];
      end

      for (genvar p = 0; p < PE; p++) begin : g_pe
        logic [SIMD*BITS-1:0] weight;
        for (genvar i = 0; i < SIMD; i++) begin : g_input
          if (BINARY) begin : g_binary
            assign weight[i*BITS +: BITS] = {!turned[p*SIMD + i], 1'b1};
          end else begin : g_signed
            assign weight[i*BITS +: BITS] = turned[(p*SIMD + i)*BITS +: BITS];
          end
        end
        for (genvar t = 0; t < NT; t++) begin : g_timestep
          popcount_lane #(
            .SIMD(SIMD), .PLANES(ACT_BITS), .WEIGHT_BITS(BITS), .SUM_BITS(TERM), .TAG_BITS(TAG)
          ) i_lane (
            .clk_i, .rst_i,
            .x_i     (word_q[t*ACT_BITS*SIMD +: ACT_BITS*SIMD]),
            .weight_i(weight),
            .tag_i   (tag_q),
            .sum_o   (term[s*COLUMN_BANKS + b][(t*PE + p)*TERM +: TERM]),
            .tag_o   (tags[s*COLUMN_BANKS + b][t*PE + p])
          );
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------
  // Sums: the memories are read, then added to, then written; a cycle each, the first one none in LUT RAM
  // -------------------------------------------------------------------------------------------

  logic                                  valid, reads, write_valid_q, write_mark_q;
  logic [SLOT_BITS-1:0]                  row_turn;
  logic [BANK_BITS-1:0]                  turn;
  logic [ROW_BANKS-1:0]                  row, forward_row, write_row_q;
  logic [COLUMN_BANKS-1:0]               column, forward, write_column_q;
  logic [COLUMN_BANKS-1:0][SUM_BITS-1:0] ask_place, place, write_place_q;
  logic [TAPS-1:0][LANES*TERM-1:0]       add_term;
  logic [TAG-1:0]                        tag;
  logic                                  unused;

  assign ask_place = tags[0][0][COLUMN_BANKS*SUM_BITS-1:0];
  assign unused    = &{1'b0, tags};

  if (BLOCK == 0) begin : g_at_once
    assign tag      = tags[0][0];
    assign add_term = term;
  end else begin : g_later
    always_ff @(posedge clk_i) begin
      add_term <= term;
      if (rst_i) tag <= '0;
      else tag <= tags[0][0];
    end
  end

  assign {valid, reads, row_turn, turn, row, column, forward_row, forward, place} = tag;

  always_ff @(posedge clk_i) begin
    write_valid_q  <= valid && !rst_i;
    write_mark_q   <= !reads;
    write_row_q    <= row;
    write_column_q <= column;
    write_place_q  <= place;
  end

  logic [TAPS-1:0][LANES*ACC_BITS:0] stored;    // the mark on top

  for (genvar s = 0; s < ROW_BANKS; s++) begin : g_row_sums
    for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_sums
      localparam int N = s*COLUMN_BANKS + b;
      logic                      forwards;
      logic [LANES*ACC_BITS-1:0] addend, sum, kept;

      assign forwards = forward_row[s] && forward[b];
      assign kept     = stored[N][LANES*ACC_BITS-1:0] & {LANES*ACC_BITS{stored[N][LANES*ACC_BITS] && !forwards}};

      for (genvar l = 0; l < LANES; l++) begin : g_addend
        assign addend[l*ACC_BITS +: ACC_BITS] = ACC_BITS'($signed(add_term[N][l*TERM +: TERM]));
      end

      accumulator #(.FIELDS(LANES), .ADDEND_BITS(ACC_BITS), .ACC_BITS(ACC_BITS)) i_adders (
        .clk_i,
        .enable_i(1'b1),
        .first_i (!forwards),
        .addend_i(addend),
        .offset_i(kept),
        .sum_o   (sum)
      );

      sum_memory #(.WIDTH(LANES*ACC_BITS + 1), .DEPTH(PLACES), .BLOCK(BLOCK)) i_memory (
        .clk_i,
        .read_addr_i (ask_place[b]),
        .read_data_o (stored[N]),
        .write_en_i  (clear_i || (write_valid_q && write_row_q[s] && write_column_q[b])),
        .write_addr_i(clear_i ? clear_place_i : write_place_q[b]),
        .write_data_i({write_mark_q && !clear_i, sum})
      );
    end
  end

  // -------------------------------------------------------------------------------------------
  // What is read out: nothing was added where the mark is missing
  // -------------------------------------------------------------------------------------------

  logic [LANES*ACC_BITS:0] chosen;

  always_comb begin
    chosen = '0;
    for (int s = 0; s < ROW_BANKS; s++)
      for (int b = 0; b < COLUMN_BANKS; b++)
        if ((ROW_BANKS == 1 || row_turn == SLOT_BITS'(s)) && (COLUMN_BANKS == 1 || turn == BANK_BITS'(b)))
          chosen = chosen | stored[s*COLUMN_BANKS + b];
  end

  always_ff @(posedge clk_i) begin
    out_valid_o   <= valid && reads && !rst_i;
    out_skipped_o <= !chosen[LANES*ACC_BITS];
    if (!chosen[LANES*ACC_BITS]) out_data_o <= '0;   // the flip-flops' reset, no look-up table
    else out_data_o <= chosen[LANES*ACC_BITS-1:0];
  end

endmodule
