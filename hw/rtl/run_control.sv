// The course of one run: takes the arguments, refuses senseless ones, starts the master, and ends it.
//
// With WEIGHTS the accelerator reads weights while a run is under way, and only then: the run ends when
// these reads have been answered too. Where their address was written since, the next run begins with a
// reset, as words that were read ahead are of the old place.
//
// A run that goes wrong, or is stopped, asks for nothing more, waits for all that the bus owes, resets
// the accelerator and ends like any other; errors_o says why, in the order of the status register.
module run_control #(
  parameter int ADDRESS_BITS = 32,
  parameter int RESULT_BITS  = 24,                // of the number of results in a run
  parameter int RESULT_BEATS = 3,
  parameter int EVENTS       = 0,                 // 1: there is a front end for events
  parameter int LOADABLE     = 0,                 // 1: there are weights to load
  parameter int WEIGHTS      = 0                  // 1: there are weights outside the chip
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  // from the host
  input  logic                    start_i,        // held until finish_o
  input  logic                    abort_i,        // for one clock
  input  logic [63:0]             input_address_i,
  input  logic [63:0]             output_address_i,
  input  logic [31:0]             input_bytes_i,
  input  logic [31:0]             results_i,
  input  logic [31:0]             patience_i,
  input  logic [1:0]              kind_i,
  input  logic [63:0]             weights_address_i,
  input  logic                    weights_given_i,   // that address is being written
  // the run
  output logic                    idle_o,
  output logic                    busy_o,         // from the check of the arguments to the end
  output logic                    begin_o,        // one clock; arguments stay from here to the end
  output logic                    running_o,
  output logic                    halt_o,         // ask the bus for nothing more
  output logic                    give_up_o,      // one clock: the bus owes nothing, a reset follows
  output logic                    restart_o,      // reset of the accelerator and of what feeds it
  output logic                    finish_o,       // one clock
  output logic [7:0]              errors_o,
  output logic [ADDRESS_BITS-1:0] input_address_o,
  output logic [ADDRESS_BITS-1:0] output_address_o,
  output logic [31:0]             words_left_o,   // of the input, in beats
  output logic [31:0]             output_beats_o,
  output logic [RESULT_BITS-1:0]  results_o,
  output logic [1:0]              kind_o,
  output logic                    half_word_o,    // the next word is the last, and only its low half counts
  output logic [ADDRESS_BITS-1:0] weights_address_o,
  output logic                    weights_new_o,  // they lie elsewhere, and a reset is to come
  // what happens in it
  input  logic                    word_taken_i,
  input  logic                    word_ends_i,    // that word ends a recording of events
  input  logic                    moved_i,        // something, anywhere
  input  logic                    entry_valid_i,  // a token waits before the accelerator
  input  logic                    between_i,      // no frame has entered in part
  input  logic                    none_inside_i,  // no frame is inside
  input  logic                    all_given_i,    // as many results as were asked for
  input  logic                    loaded_i,
  input  logic                    reader_idle_i,
  input  logic                    writer_idle_i,
  input  logic                    weights_idle_i,
  input  logic                    read_error_i,
  input  logic                    write_error_i,
  input  logic [2:0]              fault_i         // the accelerator's own
);
  typedef enum logic [2:0] {
    IDLE,
    CHECK,     // the arguments
    BEGIN,
    RUN,
    STOP,      // nothing more is asked for until the bus owes nothing; also after a good run with WEIGHTS
    RESTART,   // the accelerator is reset, at the end of a bad run or before the first with new weights
    FINISH
  } state_t;

  localparam logic [1:0] ADDRESS_EVENTS = 2'd1, IMAGE = 2'd2, NO_KIND = 2'd3;

  state_t state_q;
  logic [63:0] input_address_q, output_address_q, weights_address_q;
  logic [31:0] input_bytes_q, patience_q, quiet_q;
  logic [31-RESULT_BITS:0] too_many_q;            // bits of the number of results that must be 0
  logic [3:0] restart_left_q;
  logic refused, stop_q, ended_q;                 // a stop is asked for; the last event word ended a recording
  logic moved_q, silent_q, complete_q, tidy_q;
  logic weights_given_q;                          // since the reset
  logic wrong, quiet;                             // the run; the bus, which owes nothing
  logic [6:0] causes;                             // to give the run up

  assign refused = input_bytes_q == '0 || input_address_q[2:0] != '0 || output_address_q[2:0] != '0
                || {1'b0, input_address_q} >> ADDRESS_BITS != '0
                || {1'b0, output_address_q} >> ADDRESS_BITS != '0
                || too_many_q != '0
                || (WEIGHTS != 0 && (!weights_given_q || weights_address_q[11:0] != '0
                                     || {1'b0, weights_address_q} >> ADDRESS_BITS != '0))
                || (kind_o == IMAGE ? LOADABLE == 0 || results_o != '0 || input_bytes_q[1:0] != '0
                                    : results_o == '0 || input_bytes_q[2:0] != '0)
                || (kind_o == ADDRESS_EVENTS && EVENTS == 0) || kind_o == NO_KIND;

  assign wrong  = errors_o != '0;
  assign quiet  = reader_idle_i && writer_idle_i && weights_idle_i;
  assign causes = {fault_i, stop_q, silent_q, write_error_i, read_error_i};

  always_ff @(posedge clk_i) begin
    moved_q  <= moved_i || state_q != RUN;
    quiet_q  <= moved_q ? '0 : quiet_q + 1'b1;
    silent_q <= quiet_q == patience_q && patience_q != '0;
    // The last tokens of a frame may go in behind its result, where a pool drops the last rows.
    complete_q <= running_o && words_left_o == '0 && all_given_i && writer_idle_i && !entry_valid_i
               && (kind_o != ADDRESS_EVENTS || between_i) && (kind_o != IMAGE || loaded_i);
    tidy_q <= none_inside_i && between_i && ended_q;
    if (word_taken_i) ended_q <= kind_o != ADDRESS_EVENTS || word_ends_i;
    if (abort_i) stop_q <= state_q != IDLE;
    if (state_q == FINISH) stop_q <= 1'b0;

    case (state_q)
      IDLE: begin
        input_address_q  <= input_address_i;
        output_address_q <= output_address_i;
        input_bytes_q    <= input_bytes_i;
        {too_many_q, results_o} <= results_i;
        patience_q       <= patience_i;
        kind_o           <= kind_i;
        if (start_i) begin
          state_q  <= CHECK;
          errors_o <= '0;
        end
      end

      CHECK: begin
        output_beats_o <= 32'(results_o) * 32'(RESULT_BEATS);
        words_left_o   <= 32'({1'b0, input_bytes_q} + 33'd7 >> 3);
        errors_o[7]    <= refused;
        state_q        <= refused ? FINISH : weights_new_o ? RESTART : BEGIN;
        restart_left_q <= '1;
      end

      BEGIN: state_q <= RUN;   // reader and writer take what was computed

      RUN: begin
        if (word_taken_i) words_left_o <= words_left_o - 1'b1;
        if (wrong) state_q <= STOP;
        else begin
          errors_o[6:0] <= causes;
          if (complete_q && causes == '0) begin
            errors_o[7] <= !tidy_q;
            state_q     <= (tidy_q && WEIGHTS == 0) ? FINISH : STOP;
          end
        end
      end

      STOP:
      if (quiet) begin
        state_q        <= wrong ? RESTART : FINISH;
        restart_left_q <= '1;
      end

      RESTART: begin
        restart_left_q <= restart_left_q - 1'b1;
        if (restart_left_q == '0) state_q <= wrong ? FINISH : CHECK;
      end

      FINISH: state_q <= IDLE;

      default: state_q <= IDLE;
    endcase

    if (state_q == IDLE || state_q == RESTART) weights_address_q <= weights_address_i;
    if (state_q == RESTART) weights_new_o <= 1'b0;
    if (weights_given_i && WEIGHTS != 0) {weights_given_q, weights_new_o} <= '1;

    restart_o <= rst_i || state_q == RESTART;
    if (rst_i) begin
      {weights_given_q, weights_new_o} <= '0;
      state_q  <= IDLE;
      errors_o <= '0;
      stop_q   <= 1'b0;
    end
  end

  assign idle_o           = state_q == IDLE;
  assign busy_o           = state_q != IDLE && state_q != FINISH;
  assign begin_o          = state_q == BEGIN;
  assign running_o        = state_q == RUN;
  assign halt_o           = state_q == STOP || state_q == RESTART;
  assign give_up_o        = state_q == STOP && quiet && wrong;
  assign finish_o         = state_q == FINISH;
  assign input_address_o  = input_address_q[ADDRESS_BITS-1:0];
  assign output_address_o = output_address_q[ADDRESS_BITS-1:0];
  assign weights_address_o = weights_address_q[ADDRESS_BITS-1:0];
  assign half_word_o      = words_left_o == 32'd1 && input_bytes_q[2];
endmodule
