// Counts what the host may read: clocks, results, errors of the bus, and the latest run's events.
module run_counters #(
  parameter int INSIDE_BITS = 7
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   begin_i,            // a run begins
  input  logic                   busy_i,             // from the check of its arguments to its end
  input  logic                   result_i,
  input  logic [31:0]            latency_i,          // of that result
  input  logic                   give_up_i,          // the frames inside are lost
  input  logic [INSIDE_BITS-1:0] inside_i,
  input  logic                   read_error_i,
  input  logic                   write_error_i,
  input  logic [2:0][31:0]       event_counts_i,     // since the front end's reset
  output logic [31:0]            cycle_o,
  output logic [31:0]            run_cycles_o,
  output logic [31:0]            latency_o,
  output logic [31:0]            frames_o,
  output logic [31:0]            discarded_o,
  output logic [31:0]            read_errors_o,
  output logic [31:0]            write_errors_o,
  output logic [2:0][31:0]       events_o            // of the latest run, one clock late
);
  logic was_busy_q, read_error_q, write_error_q;
  logic [2:0][31:0] events_before_q;                 // the front end's counts when the run began

  always_ff @(posedge clk_i) begin
    was_busy_q    <= busy_i;
    read_error_q  <= read_error_i;
    write_error_q <= write_error_i;
    cycle_o       <= cycle_o + 1'b1;
    if (busy_i) run_cycles_o <= was_busy_q ? run_cycles_o + 1'b1 : '0;
    if (result_i) latency_o <= latency_i;
    frames_o       <= frames_o + 32'(result_i);
    read_errors_o  <= read_errors_o + 32'(read_error_q);
    write_errors_o <= write_errors_o + 32'(write_error_q);
    if (give_up_i) discarded_o <= discarded_o + 32'(inside_i);
    if (begin_i) events_before_q <= event_counts_i;
    for (int i = 0; i < 3; i++) events_o[i] <= event_counts_i[i] - events_before_q[i];
    if (rst_i) begin
      {was_busy_q, read_error_q, write_error_q} <= '0;
      {cycle_o, run_cycles_o, latency_o, frames_o, discarded_o, read_errors_o, write_errors_o} <= '0;
      events_before_q <= '0;
    end
  end
endmodule
