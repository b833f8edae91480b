// Dot product of one output channel and one timestep, without multipliers:
//
//   sum = sum over planes p, inputs i, weight bits b of  +-2^b * 2^p * (x[p][i] & w[i][b])
//
// where the highest weight bit counts negative (two's complement); a single weight bit counts
// positive. All products are dots in
// one diagram of columns of equal weight. Three pairs become a 2-bit count, columns are
// compressed 6:3 and 3:2, a register after every level, until at most three rows are left for
// the carry chain. Dots of a column are alike, so the compressors of a column work as vectors:
// the k-th inputs of all of them are neighbours. Counts of the sign bit enter inverted (a count
// n of three pairs becomes 3 - n), and the constant that this adds is taken out again by
// CORRECTION.
//
// The result is exact modulo 2^SUM_BITS. tag_i comes out beside the sum it came in with.
module popcount_lane #(
  parameter int SIMD        = 36,
  parameter int PLANES      = 1,   // planes of one timestep, lowest bit first
  parameter int WEIGHT_BITS = 2,
  parameter int SUM_BITS    = 7,
  parameter int TAG_BITS    = 1
) (
  input  logic                        clk_i,
  input  logic                        rst_i,
  input  logic [PLANES*SIMD-1:0]      x_i,
  input  logic [SIMD*WEIGHT_BITS-1:0] weight_i,
  input  logic [TAG_BITS-1:0]         tag_i,
  output logic [SUM_BITS-1:0]         sum_o,
  output logic [TAG_BITS-1:0]         tag_o
);

  localparam int GROUPS  = (SIMD + 2) / 3;         // counts of up to three pairs
  localparam int WIDE    = (SIMD + 1) / 3;         // of these, counts that need two bits
  localparam int TRIPLES = SIMD / 3;               // of these, counts of three pairs
  localparam int SIGN    = (WEIGHT_BITS > 1) ? WEIGHT_BITS - 1 : WEIGHT_BITS;   // beyond the bits: none
  localparam int FULL    = 3 * WIDE + (GROUPS - WIDE);
  localparam logic [SUM_BITS-1:0] CORRECTION =
      SUM_BITS'((SIGN < WEIGHT_BITS) ? -FULL * ((1 << PLANES) - 1) * (1 << SIGN) : 0);

  // -------------------------------------------------------------------------------------------
  // Shape of the dot diagram: the height of every column, 16 bits a column, level by level
  // -------------------------------------------------------------------------------------------

  localparam int HB = 16;
  typedef logic [SUM_BITS*HB-1:0] heights_t;

  function automatic int height(heights_t heights, int column);
    return (column < 0 || column >= SUM_BITS) ? 0 : int'(heights[column*HB +: HB]);
  endfunction

  function automatic int offset(heights_t heights, int column);
    int total;
    total = 0;
    for (int c = 0; c < column; c++) total += height(heights, c);
    return total;
  endfunction

  // How a column of n dots is compressed: 6:3 compressors (the last may lack one input),
  // full adders, and dots that pass.
  function automatic int sixes(int n);
    return (n + 1) / 6;
  endfunction

  function automatic int threes(int n);
    return (n % 6 == 3 || n % 6 == 4) ? 1 : 0;
  endfunction

  function automatic int passed(int n);
    return (n % 6 == 5) ? 0 : (n % 6) - 3 * threes(n);
  endfunction

  function automatic int kept(int n);
    return sixes(n) + threes(n) + passed(n);
  endfunction

  function automatic heights_t counted_heights();
    heights_t heights;
    int dots;
    heights = '0;
    for (int c = 0; c < SUM_BITS; c++) begin
      dots = CORRECTION[c] ? 1 : 0;
      for (int p = 0; p < PLANES; p++) begin
        if (c - p >= 0 && c - p < WEIGHT_BITS) dots += GROUPS;
        if (c - p >= 1 && c - p < WEIGHT_BITS + 1) dots += WIDE;
      end
      heights[c*HB +: HB] = HB'(dots);
    end
    return heights;
  endfunction

  function automatic heights_t compressed_heights(heights_t heights);
    heights_t result;
    int below, below2;
    for (int c = 0; c < SUM_BITS; c++) begin
      below  = height(heights, c - 1);
      below2 = height(heights, c - 2);
      result[c*HB +: HB] = HB'(kept(height(heights, c)) + sixes(below) + threes(below) + sixes(below2));
    end
    return result;
  endfunction

  function automatic heights_t heights_at(int level);
    heights_t heights;
    heights = counted_heights();
    for (int l = 0; l < level; l++) heights = compressed_heights(heights);
    return heights;
  endfunction

  function automatic int tallest(heights_t heights);
    int most;
    most = 0;
    for (int c = 0; c < SUM_BITS; c++) if (height(heights, c) > most) most = height(heights, c);
    return most;
  endfunction

  function automatic int count_levels();
    heights_t heights;
    int levels;
    heights = counted_heights();
    levels  = 0;
    while (tallest(heights) > 3) begin
      heights = compressed_heights(heights);
      levels++;
    end
    return levels;
  endfunction

  localparam int LEVELS = count_levels();
  localparam int MOST   = offset(heights_at(0), SUM_BITS);

  // dots[l]: the diagram before compression level l, columns ascending
  logic [MOST-1:0] dots [LEVELS+1];

  // -------------------------------------------------------------------------------------------
  // Counts of three pairs
  // -------------------------------------------------------------------------------------------

  localparam heights_t COUNTED = heights_at(0);

  // Place of the counts of (plane p, weight bit b) in column c, after those of lower planes.
  function automatic int counted_place(int column, int plane);
    int place;
    place = offset(COUNTED, column);
    for (int p = 0; p < plane; p++) begin
      if (column - p >= 0 && column - p < WEIGHT_BITS) place += GROUPS;
      if (column - p >= 1 && column - p < WEIGHT_BITS + 1) place += WIDE;
    end
    return place;
  endfunction

  logic [MOST-1:0] counted;

  for (genvar p = 0; p < PLANES; p++) begin : g_plane
    for (genvar b = 0; b < WEIGHT_BITS; b++) begin : g_bit
      localparam int LOW   = p + b;
      // within a column: low count bits of weight bit b, then high count bits of weight bit b - 1
      localparam int LOWAT  = counted_place(LOW, p);
      localparam int HIGHAT = counted_place(LOW + 1, p) + ((b + 1 < WEIGHT_BITS) ? GROUPS : 0);

      logic [SIMD-1:0]   x, w;
      logic [GROUPS-1:0] low;
      logic [WIDE:0]     high;   // the top one is not used
      logic              unused;
      assign x      = x_i[p*SIMD +: SIMD];
      assign unused = &{1'b0, low, high};
      for (genvar i = 0; i < SIMD; i++) begin : g_weight
        assign w[i] = weight_i[i*WEIGHT_BITS + b];
      end

      localparam bit INVERTED = b == SIGN;
      if (TRIPLES > 0) begin : g_triples
        popcount_pairs #(.WIDTH(TRIPLES), .INVERTED(INVERTED)) i_pairs (
          .x_i     (x[3*TRIPLES-1:0]),
          .weight_i(w[3*TRIPLES-1:0]),
          .low_o   (low[TRIPLES-1:0]),
          .high_o  (high[TRIPLES-1:0])
        );
      end
      if (SIMD % 3 == 1) begin : g_single
        assign low[TRIPLES] = INVERTED ^ (x[SIMD-1] & w[SIMD-1]);
      end else if (SIMD % 3 == 2) begin : g_double
        assign low[TRIPLES]  = INVERTED ^ (x[SIMD-1] & w[SIMD-1]) ^ (x[SIMD-2] & w[SIMD-2]);
        assign high[TRIPLES] = INVERTED ^ (x[SIMD-1] & w[SIMD-1] & x[SIMD-2] & w[SIMD-2]);
      end
      assign high[WIDE] = 1'b0;

      if (LOW < SUM_BITS) begin : g_low
        assign counted[LOWAT +: GROUPS] = low;
      end
      if (LOW + 1 < SUM_BITS && WIDE > 0) begin : g_high
        assign counted[HIGHAT +: WIDE] = high[WIDE-1:0];
      end
    end
  end

  for (genvar c = 0; c < SUM_BITS; c++) begin : g_correction
    if (CORRECTION[c]) begin : g_one
      assign counted[offset(COUNTED, c) + height(COUNTED, c) - 1] = 1'b1;
    end
  end

  always_ff @(posedge clk_i) dots[0] <= counted;

  // -------------------------------------------------------------------------------------------
  // Compression
  // -------------------------------------------------------------------------------------------

  for (genvar l = 0; l < LEVELS; l++) begin : g_level
    localparam heights_t HERE  = heights_at(l);
    localparam heights_t NEXT  = heights_at(l + 1);
    localparam int       AFTER = offset(NEXT, SUM_BITS);
    logic [AFTER-1:0] compressed;

    for (genvar c = 0; c < SUM_BITS; c++) begin : g_column
      localparam int N     = height(HERE, c);
      localparam int FROM  = offset(HERE, c);
      localparam int SIX   = sixes(N);
      localparam int THREE = threes(N);
      localparam int REST  = N - passed(N);
      // in the next diagram: own column, then carries into the two columns above
      localparam int OWN   = offset(NEXT, c);
      localparam int UP    = offset(NEXT, c + 1) + kept(height(HERE, c + 1));
      localparam int UPUP  = offset(NEXT, c + 2) + kept(height(HERE, c + 2))
                           + sixes(height(HERE, c + 1)) + threes(height(HERE, c + 1));

      if (SIX > 0) begin : g_six
        localparam int INPUTS = (N >= 6 * SIX) ? 6 * SIX : 6 * SIX - 1;   // the last may lack one
        logic [SIX-1:0] low, middle, high;
        popcount_compressor #(.WIDTH(SIX)) i_compressor (
          .bits_i  ((6*SIX)'(dots[l][FROM +: INPUTS])),
          .low_o   (low),
          .middle_o(middle),
          .high_o  (high)
        );
        assign compressed[OWN +: SIX] = low;
        logic unused;  // carries beyond the highest column
        assign unused = &{1'b0, middle, high};
        if (c + 1 < SUM_BITS) begin : g_up
          assign compressed[UP +: SIX] = middle;
        end
        if (c + 2 < SUM_BITS) begin : g_upup
          assign compressed[UPUP +: SIX] = high;
        end
      end

      if (THREE == 1) begin : g_three
        logic [2:0] three;
        assign three = dots[l][FROM + 6*SIX +: 3];
        assign compressed[OWN + SIX] = ^three;
        if (c + 1 < SUM_BITS) begin : g_up
          assign compressed[UP + SIX] = (three[0] & three[1]) | (three[2] & (three[0] ^ three[1]));
        end
      end

      if (passed(N) > 0) begin : g_pass
        assign compressed[OWN + SIX + THREE +: passed(N)] = dots[l][FROM + REST +: passed(N)];
      end
    end

    always_ff @(posedge clk_i) dots[l+1] <= MOST'(compressed);
  end

  // -------------------------------------------------------------------------------------------
  // Last addition, of at most three rows
  // -------------------------------------------------------------------------------------------

  localparam heights_t LAST = heights_at(LEVELS);
  logic [2:0][SUM_BITS-1:0] row;
  logic [SUM_BITS-1:0]      ones;
  logic [SUM_BITS:0]        twos;   // carries, one column up
  logic                     unused;

  for (genvar c = 0; c < SUM_BITS; c++) begin : g_row
    for (genvar r = 0; r < 3; r++) begin : g_dot
      if (r < height(LAST, c)) begin : g_real
        assign row[r][c] = dots[LEVELS][offset(LAST, c) + r];
      end else begin : g_none
        assign row[r][c] = 1'b0;
      end
    end
  end

  assign ones = row[0] ^ row[1] ^ row[2];
  assign twos = {(row[0] & row[1]) | (row[2] & (row[0] ^ row[1])), 1'b0};
  assign unused = &{1'b0, twos[SUM_BITS]};

  always_ff @(posedge clk_i) sum_o <= ones + twos[SUM_BITS-1:0];

  // -------------------------------------------------------------------------------------------
  // Tags travel along
  // -------------------------------------------------------------------------------------------

  logic [LEVELS+1:0][TAG_BITS-1:0] tag_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) tag_q <= '0;
    else tag_q <= {tag_q[LEVELS:0], tag_i};
  end

  assign tag_o = tag_q[LEVELS+1];

endmodule
