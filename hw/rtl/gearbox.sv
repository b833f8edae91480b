// Regroups a token stream from IN_GROUP to OUT_GROUP channels a token, channels ascending.
//
// One group divides the other. The narrower side runs at full rate; ready comes from registers.
module gearbox #(
  parameter int PLANES    = 4,
  parameter int IN_GROUP  = 8,
  parameter int OUT_GROUP = 4
) (
  input  logic                        clk_i,
  input  logic                        rst_i,
  input  logic                        in_valid_i,
  output logic                        in_ready_o,
  input  logic [PLANES*IN_GROUP-1:0]  in_data_i,
  output logic                        out_valid_o,
  input  logic                        out_ready_i,
  output logic [PLANES*OUT_GROUP-1:0] out_data_o
);

  localparam int WIDER = (IN_GROUP > OUT_GROUP) ? IN_GROUP : OUT_GROUP;
  localparam int GROUP = (IN_GROUP > OUT_GROUP) ? OUT_GROUP : IN_GROUP;   // the narrower one
  localparam int RATIO = WIDER / GROUP;

  if (PLANES < 1 || GROUP < 1 || WIDER % GROUP != 0) begin : g_bad_groups
    $error("gearbox: IN_GROUP must divide OUT_GROUP or be a multiple of it");
  end

  if (RATIO == 1) begin : g_equal
    stream_register #(.WIDTH(PLANES*GROUP)) i_register (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i, .out_valid_o, .out_ready_i, .out_data_o
    );
  end else begin : g_regroup
    localparam int STEP_BITS = $clog2(RATIO);
    localparam logic [STEP_BITS-1:0] FINAL = STEP_BITS'(RATIO - 1);
    logic [STEP_BITS-1:0] step_q;
    logic                 step;

    always_ff @(posedge clk_i) begin
      if (rst_i) step_q <= '0;
      else if (step) step_q <= (step_q == FINAL) ? '0 : step_q + 1'b1;
    end

    if (IN_GROUP < OUT_GROUP) begin : g_widen
      // Early parts are collected beside the token that still waits at the output.
      logic [RATIO-1:1][PLANES*GROUP-1:0] part_q;

      assign in_ready_o = step_q != FINAL || !out_valid_o;
      assign step       = in_valid_i && in_ready_o;

      always_ff @(posedge clk_i) begin
        for (int r = 1; r < RATIO; r++)
          if (step && step_q == STEP_BITS'(r - 1)) part_q[r] <= in_data_i;
        if (step && step_q == FINAL) begin
          for (int p = 0; p < PLANES; p++)
            for (int r = 0; r < RATIO; r++)
              out_data_o[(p*RATIO + r)*GROUP +: GROUP] <=
                (r == RATIO - 1) ? in_data_i[p*GROUP +: GROUP] : part_q[r+1][p*GROUP +: GROUP];
        end
        if (rst_i) out_valid_o <= 1'b0;
        else if (step && step_q == FINAL) out_valid_o <= 1'b1;
        else if (out_ready_i) out_valid_o <= 1'b0;
      end
    end else begin : g_narrow
      logic                        token_valid;
      logic [PLANES*IN_GROUP-1:0]  token;
      logic [RATIO-1:0][PLANES*GROUP-1:0] part;

      stream_register #(.WIDTH(PLANES*IN_GROUP)) i_register (
        .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
        .out_valid_o(token_valid),
        .out_ready_i(step && step_q == FINAL),
        .out_data_o (token)
      );

      for (genvar r = 0; r < RATIO; r++) begin : g_part
        for (genvar p = 0; p < PLANES; p++) begin : g_plane
          assign part[r][p*GROUP +: GROUP] = token[(p*RATIO + r)*GROUP +: GROUP];
        end
      end

      assign out_valid_o = token_valid;
      assign out_data_o  = part[step_q];
      assign step        = out_valid_o && out_ready_i;
    end
  end

endmodule
