// The registers of an accelerator behind AXI4-Lite, and a package with the types of their ports.
//
// Written by PeakRDL-regblock from hw/registers/accelerator.rdl (python -m ssnn_fpga.rtl.registers); do not edit.
// verilator lint_off DECLFILENAME
// verilator lint_off MULTIDRIVEN
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM
package accelerator_registers_pkg;

    localparam ACCELERATOR_REGISTERS_DATA_WIDTH = 32;
    localparam ACCELERATOR_REGISTERS_MIN_ADDR_WIDTH = 8;
    localparam ACCELERATOR_REGISTERS_SIZE = 'ha8;

    typedef struct {
        logic hwclr;
    } accelerator_registers__control__start__in_t;

    typedef struct {
        logic hwclr;
        logic hwset;
    } accelerator_registers__control__done__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__control__idle__in_t;

    typedef struct {
        logic hwset;
    } accelerator_registers__control__ready__in_t;

    typedef struct {
        accelerator_registers__control__start__in_t start;
        accelerator_registers__control__done__in_t done;
        accelerator_registers__control__idle__in_t idle;
        accelerator_registers__control__ready__in_t ready;
    } accelerator_registers__control__in_t;

    typedef struct {
        logic hwset;
    } accelerator_registers__interrupt_status__done__in_t;

    typedef struct {
        logic hwset;
    } accelerator_registers__interrupt_status__ready__in_t;

    typedef struct {
        accelerator_registers__interrupt_status__done__in_t done;
        accelerator_registers__interrupt_status__ready__in_t ready;
    } accelerator_registers__interrupt_status__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__read_error__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__write_error__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__stalled__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__aborted__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__parity__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__hang__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__weights__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__refused__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__loaded__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__status__stopping__in_t;

    typedef struct {
        accelerator_registers__status__read_error__in_t read_error;
        accelerator_registers__status__write_error__in_t write_error;
        accelerator_registers__status__stalled__in_t stalled;
        accelerator_registers__status__aborted__in_t aborted;
        accelerator_registers__status__parity__in_t parity;
        accelerator_registers__status__hang__in_t hang;
        accelerator_registers__status__weights__in_t weights;
        accelerator_registers__status__refused__in_t refused;
        accelerator_registers__status__loaded__in_t loaded;
        accelerator_registers__status__stopping__in_t stopping;
    } accelerator_registers__status__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_8fa646b9__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_8fa646b9__value__in_t value;
    } accelerator_registers__fact_name_8fa646b9__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_92035163__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_92035163__value__in_t value;
    } accelerator_registers__fact_name_92035163__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_17f57b3d__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_17f57b3d__value__in_t value;
    } accelerator_registers__fact_name_17f57b3d__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_5b75a2f3__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_5b75a2f3__value__in_t value;
    } accelerator_registers__fact_name_5b75a2f3__in_t;

    typedef struct {
        logic [15:0] next;
    } accelerator_registers__widths__token_bits__in_t;

    typedef struct {
        logic [15:0] next;
    } accelerator_registers__widths__result_bits__in_t;

    typedef struct {
        accelerator_registers__widths__token_bits__in_t token_bits;
        accelerator_registers__widths__result_bits__in_t result_bits;
    } accelerator_registers__widths__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__features__events__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__features__loadable__in_t;

    typedef struct {
        logic next;
    } accelerator_registers__features__weights__in_t;

    typedef struct {
        logic [7:0] next;
    } accelerator_registers__features__address_bits__in_t;

    typedef struct {
        accelerator_registers__features__events__in_t events;
        accelerator_registers__features__loadable__in_t loadable;
        accelerator_registers__features__weights__in_t weights;
        accelerator_registers__features__address_bits__in_t address_bits;
    } accelerator_registers__features__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_b25b295e__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_b25b295e__value__in_t value;
    } accelerator_registers__fact_name_b25b295e__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_630fb95b__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_630fb95b__value__in_t value;
    } accelerator_registers__fact_name_630fb95b__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_2237ce40__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_2237ce40__value__in_t value;
    } accelerator_registers__fact_name_2237ce40__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_473d9761__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_473d9761__value__in_t value;
    } accelerator_registers__fact_name_473d9761__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_91a2dbb6__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_91a2dbb6__value__in_t value;
    } accelerator_registers__fact_name_91a2dbb6__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_64503eef__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_64503eef__value__in_t value;
    } accelerator_registers__fact_name_64503eef__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_1be4240e__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_1be4240e__value__in_t value;
    } accelerator_registers__fact_name_1be4240e__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_a2663605__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_a2663605__value__in_t value;
    } accelerator_registers__fact_name_a2663605__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_9c3512a0__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_9c3512a0__value__in_t value;
    } accelerator_registers__fact_name_9c3512a0__in_t;

    typedef struct {
        logic [31:0] next;
    } accelerator_registers__fact_name_cea33394__value__in_t;

    typedef struct {
        accelerator_registers__fact_name_cea33394__value__in_t value;
    } accelerator_registers__fact_name_cea33394__in_t;

    typedef struct {
        accelerator_registers__control__in_t control;
        accelerator_registers__interrupt_status__in_t interrupt_status;
        accelerator_registers__status__in_t status;
        accelerator_registers__fact_name_8fa646b9__in_t magic;
        accelerator_registers__fact_name_92035163__in_t version;
        accelerator_registers__fact_name_17f57b3d__in_t identity[4];
        accelerator_registers__fact_name_5b75a2f3__in_t frame_tokens;
        accelerator_registers__widths__in_t widths;
        accelerator_registers__features__in_t features;
        accelerator_registers__fact_name_b25b295e__in_t cycles;
        accelerator_registers__fact_name_630fb95b__in_t run_cycles;
        accelerator_registers__fact_name_2237ce40__in_t latency;
        accelerator_registers__fact_name_473d9761__in_t frames;
        accelerator_registers__fact_name_91a2dbb6__in_t discarded;
        accelerator_registers__fact_name_64503eef__in_t read_errors;
        accelerator_registers__fact_name_1be4240e__in_t write_errors;
        accelerator_registers__fact_name_a2663605__in_t events_accepted;
        accelerator_registers__fact_name_9c3512a0__in_t events_outside;
        accelerator_registers__fact_name_cea33394__in_t events_backwards;
    } accelerator_registers__in_t;

    typedef struct {
        logic value;
    } accelerator_registers__control__start__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__control__done__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__control__acknowledge__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__control__auto_restart__out_t;

    typedef struct {
        accelerator_registers__control__start__out_t start;
        accelerator_registers__control__done__out_t done;
        accelerator_registers__control__acknowledge__out_t acknowledge;
        accelerator_registers__control__auto_restart__out_t auto_restart;
    } accelerator_registers__control__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__interrupt__enable__out_t;

    typedef struct {
        accelerator_registers__interrupt__enable__out_t enable;
    } accelerator_registers__interrupt__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__interrupt_enable__done__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__interrupt_enable__ready__out_t;

    typedef struct {
        accelerator_registers__interrupt_enable__done__out_t done;
        accelerator_registers__interrupt_enable__ready__out_t ready;
    } accelerator_registers__interrupt_enable__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__interrupt_status__done__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__interrupt_status__ready__out_t;

    typedef struct {
        accelerator_registers__interrupt_status__done__out_t done;
        accelerator_registers__interrupt_status__ready__out_t ready;
    } accelerator_registers__interrupt_status__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_efe41f84__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_efe41f84__value__out_t value;
    } accelerator_registers__argument_name_efe41f84__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_fa8410d3__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_fa8410d3__value__out_t value;
    } accelerator_registers__argument_name_fa8410d3__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_2ab59f12__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_2ab59f12__value__out_t value;
    } accelerator_registers__argument_name_2ab59f12__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_c957f14c__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_c957f14c__value__out_t value;
    } accelerator_registers__argument_name_c957f14c__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_d0943fff__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_d0943fff__value__out_t value;
    } accelerator_registers__argument_name_d0943fff__out_t;

    typedef struct {
        logic [1:0] value;
    } accelerator_registers__mode__kind__out_t;

    typedef struct {
        accelerator_registers__mode__kind__out_t kind;
    } accelerator_registers__mode__out_t;

    typedef struct {
        logic [31:0] value;
    } accelerator_registers__argument_name_3e91e0c1__value__out_t;

    typedef struct {
        accelerator_registers__argument_name_3e91e0c1__value__out_t value;
    } accelerator_registers__argument_name_3e91e0c1__out_t;

    typedef struct {
        logic value;
    } accelerator_registers__stop__abort__out_t;

    typedef struct {
        accelerator_registers__stop__abort__out_t abort;
    } accelerator_registers__stop__out_t;

    typedef struct {
        logic [31:0] value;
        logic swmod;
    } accelerator_registers__argument_value_11a73271_name_63b3687a__value_swmod_t__out_t;

    typedef struct {
        accelerator_registers__argument_value_11a73271_name_63b3687a__value_swmod_t__out_t value;
    } accelerator_registers__argument_value_11a73271_name_63b3687a__out_t;

    typedef struct {
        logic [31:0] value;
        logic swmod;
    } accelerator_registers__argument_value_11a73271_name_27194ace__value_swmod_t__out_t;

    typedef struct {
        accelerator_registers__argument_value_11a73271_name_27194ace__value_swmod_t__out_t value;
    } accelerator_registers__argument_value_11a73271_name_27194ace__out_t;

    typedef struct {
        accelerator_registers__control__out_t control;
        accelerator_registers__interrupt__out_t interrupt;
        accelerator_registers__interrupt_enable__out_t interrupt_enable;
        accelerator_registers__interrupt_status__out_t interrupt_status;
        accelerator_registers__argument_name_efe41f84__out_t input_address;
        accelerator_registers__argument_name_fa8410d3__out_t input_address_high;
        accelerator_registers__argument_name_2ab59f12__out_t input_bytes;
        accelerator_registers__argument_name_c957f14c__out_t output_address;
        accelerator_registers__argument_name_fa8410d3__out_t output_address_high;
        accelerator_registers__argument_name_d0943fff__out_t results;
        accelerator_registers__mode__out_t mode;
        accelerator_registers__argument_name_3e91e0c1__out_t patience;
        accelerator_registers__stop__out_t stop;
        accelerator_registers__argument_value_11a73271_name_63b3687a__out_t weights_address;
        accelerator_registers__argument_value_11a73271_name_27194ace__out_t weights_address_high;
    } accelerator_registers__out_t;
endpackage

module accelerator_registers (
        input wire clk,
        input wire rst,

        output logic s_axil_awready,
        input wire s_axil_awvalid,
        input wire [7:0] s_axil_awaddr,
        input wire [2:0] s_axil_awprot,
        output logic s_axil_wready,
        input wire s_axil_wvalid,
        input wire [31:0] s_axil_wdata,
        input wire [3:0]s_axil_wstrb,
        input wire s_axil_bready,
        output logic s_axil_bvalid,
        output logic [1:0] s_axil_bresp,
        output logic s_axil_arready,
        input wire s_axil_arvalid,
        input wire [7:0] s_axil_araddr,
        input wire [2:0] s_axil_arprot,
        input wire s_axil_rready,
        output logic s_axil_rvalid,
        output logic [31:0] s_axil_rdata,
        output logic [1:0] s_axil_rresp,

        input accelerator_registers_pkg::accelerator_registers__in_t hwif_in,
        output accelerator_registers_pkg::accelerator_registers__out_t hwif_out
    );

    //--------------------------------------------------------------------------
    // CPU Bus interface logic
    //--------------------------------------------------------------------------
    logic cpuif_req;
    logic cpuif_req_is_wr;
    logic [7:0] cpuif_addr;
    logic [31:0] cpuif_wr_data;
    logic [31:0] cpuif_wr_biten;
    logic cpuif_req_stall_wr;
    logic cpuif_req_stall_rd;

    logic cpuif_rd_ack;
    logic cpuif_rd_err;
    logic [31:0] cpuif_rd_data;

    logic cpuif_wr_ack;
    logic cpuif_wr_err;

    // Max Outstanding Transactions: 2
    logic [1:0] axil_n_in_flight;
    logic axil_prev_was_rd;
    logic axil_arvalid;
    logic [7:0] axil_araddr;
    logic axil_ar_accept;
    logic axil_awvalid;
    logic [7:0] axil_awaddr;
    logic axil_wvalid;
    logic [31:0] axil_wdata;
    logic [3:0] axil_wstrb;
    logic axil_aw_accept;
    logic axil_resp_acked;

    // Transaction request acceptance
    always_ff @(posedge clk) begin
        if(rst) begin
            axil_prev_was_rd <= '0;
            axil_arvalid <= '0;
            axil_araddr <= '0;
            axil_awvalid <= '0;
            axil_awaddr <= '0;
            axil_wvalid <= '0;
            axil_wdata <= '0;
            axil_wstrb <= '0;
            axil_n_in_flight <= '0;
        end else begin
            // AR* acceptance register
            if(axil_ar_accept) begin
                axil_prev_was_rd <= '1;
                axil_arvalid <= '0;
            end
            if(s_axil_arvalid && s_axil_arready) begin
                axil_arvalid <= '1;
                axil_araddr <= s_axil_araddr;
            end

            // AW* & W* acceptance registers
            if(axil_aw_accept) begin
                axil_prev_was_rd <= '0;
                axil_awvalid <= '0;
                axil_wvalid <= '0;
            end
            if(s_axil_awvalid && s_axil_awready) begin
                axil_awvalid <= '1;
                axil_awaddr <= s_axil_awaddr;
            end
            if(s_axil_wvalid && s_axil_wready) begin
                axil_wvalid <= '1;
                axil_wdata <= s_axil_wdata;
                axil_wstrb <= s_axil_wstrb;
            end

            // Keep track of in-flight transactions
            if((axil_ar_accept || axil_aw_accept) && !axil_resp_acked) begin
                axil_n_in_flight <= axil_n_in_flight + 1'b1;
            end else if(!(axil_ar_accept || axil_aw_accept) && axil_resp_acked) begin
                axil_n_in_flight <= axil_n_in_flight - 1'b1;
            end
        end
    end

    always_comb begin
        s_axil_arready = (!axil_arvalid || axil_ar_accept);
        s_axil_awready = (!axil_awvalid || axil_aw_accept);
        s_axil_wready = (!axil_wvalid || axil_aw_accept);
    end

    // Request dispatch
    always_comb begin
        cpuif_wr_data = axil_wdata;
        for(int i=0; i<4; i++) begin
            cpuif_wr_biten[i*8 +: 8] = {8{axil_wstrb[i]}};
        end
        cpuif_req = '0;
        cpuif_req_is_wr = '0;
        cpuif_addr = '0;
        axil_ar_accept = '0;
        axil_aw_accept = '0;

        if(axil_n_in_flight < 2'd2) begin
            // Can safely issue more transactions without overwhelming response buffer
            if(axil_arvalid && !axil_prev_was_rd) begin
                cpuif_req = '1;
                cpuif_req_is_wr = '0;
                cpuif_addr = {axil_araddr[7:2], 2'b0};
                if(!cpuif_req_stall_rd) axil_ar_accept = '1;
            end else if(axil_awvalid && axil_wvalid) begin
                cpuif_req = '1;
                cpuif_req_is_wr = '1;
                cpuif_addr = {axil_awaddr[7:2], 2'b0};
                if(!cpuif_req_stall_wr) axil_aw_accept = '1;
            end else if(axil_arvalid) begin
                cpuif_req = '1;
                cpuif_req_is_wr = '0;
                cpuif_addr = {axil_araddr[7:2], 2'b0};
                if(!cpuif_req_stall_rd) axil_ar_accept = '1;
            end
        end
    end


    // AXI4-Lite Response Logic
    logic axil_resp_buffer_is_wr[2];
    logic axil_resp_buffer_err[2];
    logic [31:0] axil_resp_buffer_rdata[2];

    logic [1:0] axil_resp_wptr;
    logic [1:0] axil_resp_rptr;

    always_ff @(posedge clk) begin
        if(rst) begin
            for(int i=0; i<2; i++) begin
                axil_resp_buffer_is_wr[i] <= '0;
                axil_resp_buffer_err[i] <= '0;
                axil_resp_buffer_rdata[i] <= '0;
            end
            axil_resp_wptr <= '0;
            axil_resp_rptr <= '0;
        end else begin
            // Store responses in buffer until AXI response channel accepts them
            if(cpuif_rd_ack || cpuif_wr_ack) begin
                if(cpuif_rd_ack) begin
                    axil_resp_buffer_is_wr[axil_resp_wptr[0:0]] <= '0;
                    axil_resp_buffer_err[axil_resp_wptr[0:0]] <= cpuif_rd_err;
                    axil_resp_buffer_rdata[axil_resp_wptr[0:0]] <= cpuif_rd_data;

                end else if(cpuif_wr_ack) begin
                    axil_resp_buffer_is_wr[axil_resp_wptr[0:0]] <= '1;
                    axil_resp_buffer_err[axil_resp_wptr[0:0]] <= cpuif_wr_err;
                end
                axil_resp_wptr <= axil_resp_wptr + 1'b1;
            end

            // Advance read pointer when acknowledged
            if(axil_resp_acked) begin
                axil_resp_rptr <= axil_resp_rptr + 1'b1;
            end
        end
    end

    always_comb begin
        axil_resp_acked = '0;
        s_axil_bvalid = '0;
        s_axil_rvalid = '0;
        if(axil_resp_rptr != axil_resp_wptr) begin
            if(axil_resp_buffer_is_wr[axil_resp_rptr[0:0]]) begin
                s_axil_bvalid = '1;
                if(s_axil_bready) axil_resp_acked = '1;
            end else begin
                s_axil_rvalid = '1;
                if(s_axil_rready) axil_resp_acked = '1;
            end
        end

        s_axil_rdata = axil_resp_buffer_rdata[axil_resp_rptr[0:0]];
        if(axil_resp_buffer_err[axil_resp_rptr[0:0]]) begin
            s_axil_bresp = 2'b10;
            s_axil_rresp = 2'b10;
        end else begin
            s_axil_bresp = 2'b00;
            s_axil_rresp = 2'b00;
        end
    end

    logic cpuif_req_masked;

    // Read & write latencies are balanced. Stalls not required
    assign cpuif_req_stall_rd = '0;
    assign cpuif_req_stall_wr = '0;
    assign cpuif_req_masked = cpuif_req
                            & !(!cpuif_req_is_wr & cpuif_req_stall_rd)
                            & !(cpuif_req_is_wr & cpuif_req_stall_wr);

    //--------------------------------------------------------------------------
    // Address Decode
    //--------------------------------------------------------------------------
    typedef struct {
        logic control;
        logic interrupt;
        logic interrupt_enable;
        logic interrupt_status;
        logic input_address;
        logic input_address_high;
        logic input_bytes;
        logic output_address;
        logic output_address_high;
        logic results;
        logic mode;
        logic patience;
        logic stop;
        logic status;
        logic weights_address;
        logic weights_address_high;
        logic magic;
        logic version;
        logic identity[4];
        logic frame_tokens;
        logic widths;
        logic features;
        logic cycles;
        logic run_cycles;
        logic latency;
        logic frames;
        logic discarded;
        logic read_errors;
        logic write_errors;
        logic events_accepted;
        logic events_outside;
        logic events_backwards;
    } decoded_reg_strb_t;
    decoded_reg_strb_t decoded_reg_strb;
    logic decoded_err;
    logic [7:0] decoded_addr;
    logic decoded_req;
    logic decoded_req_is_wr;
    logic [31:0] decoded_wr_data;
    logic [31:0] decoded_wr_biten;

    always_comb begin
        automatic logic is_valid_addr;
        automatic logic is_valid_rw;
        is_valid_addr = '1; // No valid address check
        is_valid_rw = '1; // No valid RW check
        decoded_reg_strb.control = cpuif_req_masked & (cpuif_addr == 8'h0);
        decoded_reg_strb.interrupt = cpuif_req_masked & (cpuif_addr == 8'h4);
        decoded_reg_strb.interrupt_enable = cpuif_req_masked & (cpuif_addr == 8'h8);
        decoded_reg_strb.interrupt_status = cpuif_req_masked & (cpuif_addr == 8'hc);
        decoded_reg_strb.input_address = cpuif_req_masked & (cpuif_addr == 8'h10);
        decoded_reg_strb.input_address_high = cpuif_req_masked & (cpuif_addr == 8'h14);
        decoded_reg_strb.input_bytes = cpuif_req_masked & (cpuif_addr == 8'h18);
        decoded_reg_strb.output_address = cpuif_req_masked & (cpuif_addr == 8'h1c);
        decoded_reg_strb.output_address_high = cpuif_req_masked & (cpuif_addr == 8'h20);
        decoded_reg_strb.results = cpuif_req_masked & (cpuif_addr == 8'h24);
        decoded_reg_strb.mode = cpuif_req_masked & (cpuif_addr == 8'h28);
        decoded_reg_strb.patience = cpuif_req_masked & (cpuif_addr == 8'h2c);
        decoded_reg_strb.stop = cpuif_req_masked & (cpuif_addr == 8'h30) & cpuif_req_is_wr;
        decoded_reg_strb.status = cpuif_req_masked & (cpuif_addr == 8'h34) & !cpuif_req_is_wr;
        decoded_reg_strb.weights_address = cpuif_req_masked & (cpuif_addr == 8'h38);
        decoded_reg_strb.weights_address_high = cpuif_req_masked & (cpuif_addr == 8'h3c);
        decoded_reg_strb.magic = cpuif_req_masked & (cpuif_addr == 8'h40) & !cpuif_req_is_wr;
        decoded_reg_strb.version = cpuif_req_masked & (cpuif_addr == 8'h44) & !cpuif_req_is_wr;
        for(int i0=0; i0<4; i0++) begin
            decoded_reg_strb.identity[i0] = cpuif_req_masked & (cpuif_addr == 8'h48 + (8)'(i0) * 8'h4) & !cpuif_req_is_wr;
        end
        decoded_reg_strb.frame_tokens = cpuif_req_masked & (cpuif_addr == 8'h58) & !cpuif_req_is_wr;
        decoded_reg_strb.widths = cpuif_req_masked & (cpuif_addr == 8'h5c) & !cpuif_req_is_wr;
        decoded_reg_strb.features = cpuif_req_masked & (cpuif_addr == 8'h60) & !cpuif_req_is_wr;
        decoded_reg_strb.cycles = cpuif_req_masked & (cpuif_addr == 8'h80) & !cpuif_req_is_wr;
        decoded_reg_strb.run_cycles = cpuif_req_masked & (cpuif_addr == 8'h84) & !cpuif_req_is_wr;
        decoded_reg_strb.latency = cpuif_req_masked & (cpuif_addr == 8'h88) & !cpuif_req_is_wr;
        decoded_reg_strb.frames = cpuif_req_masked & (cpuif_addr == 8'h8c) & !cpuif_req_is_wr;
        decoded_reg_strb.discarded = cpuif_req_masked & (cpuif_addr == 8'h90) & !cpuif_req_is_wr;
        decoded_reg_strb.read_errors = cpuif_req_masked & (cpuif_addr == 8'h94) & !cpuif_req_is_wr;
        decoded_reg_strb.write_errors = cpuif_req_masked & (cpuif_addr == 8'h98) & !cpuif_req_is_wr;
        decoded_reg_strb.events_accepted = cpuif_req_masked & (cpuif_addr == 8'h9c) & !cpuif_req_is_wr;
        decoded_reg_strb.events_outside = cpuif_req_masked & (cpuif_addr == 8'ha0) & !cpuif_req_is_wr;
        decoded_reg_strb.events_backwards = cpuif_req_masked & (cpuif_addr == 8'ha4) & !cpuif_req_is_wr;
        decoded_err = '0;
    end

    // Pass down signals to next stage
    assign decoded_addr = cpuif_addr;
    assign decoded_req = cpuif_req_masked;
    assign decoded_req_is_wr = cpuif_req_is_wr;
    assign decoded_wr_data = cpuif_wr_data;
    assign decoded_wr_biten = cpuif_wr_biten;

    //--------------------------------------------------------------------------
    // Field logic
    //--------------------------------------------------------------------------
    typedef struct {
        struct {
            struct {
                logic next;
                logic load_next;
            } start;
            struct {
                logic next;
                logic load_next;
            } done;
            struct {
                logic next;
                logic load_next;
            } ready;
            struct {
                logic next;
                logic load_next;
            } acknowledge;
            struct {
                logic next;
                logic load_next;
            } auto_restart;
        } control;
        struct {
            struct {
                logic next;
                logic load_next;
            } enable;
        } interrupt;
        struct {
            struct {
                logic next;
                logic load_next;
            } done;
            struct {
                logic next;
                logic load_next;
            } ready;
        } interrupt_enable;
        struct {
            struct {
                logic next;
                logic load_next;
            } done;
            struct {
                logic next;
                logic load_next;
            } ready;
        } interrupt_status;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } input_address;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } input_address_high;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } input_bytes;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } output_address;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } output_address_high;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } results;
        struct {
            struct {
                logic [1:0] next;
                logic load_next;
            } kind;
        } mode;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } patience;
        struct {
            struct {
                logic next;
                logic load_next;
            } abort;
        } stop;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } weights_address;
        struct {
            struct {
                logic [31:0] next;
                logic load_next;
            } value;
        } weights_address_high;
    } field_combo_t;
    field_combo_t field_combo;

    typedef struct {
        struct {
            struct {
                logic value;
            } start;
            struct {
                logic value;
            } done;
            struct {
                logic value;
            } ready;
            struct {
                logic value;
            } acknowledge;
            struct {
                logic value;
            } auto_restart;
        } control;
        struct {
            struct {
                logic value;
            } enable;
        } interrupt;
        struct {
            struct {
                logic value;
            } done;
            struct {
                logic value;
            } ready;
        } interrupt_enable;
        struct {
            struct {
                logic value;
            } done;
            struct {
                logic value;
            } ready;
        } interrupt_status;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } input_address;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } input_address_high;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } input_bytes;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } output_address;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } output_address_high;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } results;
        struct {
            struct {
                logic [1:0] value;
            } kind;
        } mode;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } patience;
        struct {
            struct {
                logic value;
            } abort;
        } stop;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } weights_address;
        struct {
            struct {
                logic [31:0] value;
            } value;
        } weights_address_high;
    } field_storage_t;
    field_storage_t field_storage;

    // Field: accelerator_registers.control.start
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.control.start.value;
        load_next_c = '0;
        if(hwif_in.control.start.hwclr) begin // HW Clear
            next_c = '0;
            load_next_c = '1;
        end else if(decoded_reg_strb.control && decoded_req_is_wr) begin // SW write 1 set
            next_c = field_storage.control.start.value | (decoded_wr_data[0:0] & decoded_wr_biten[0:0]);
            load_next_c = '1;
        end
        field_combo.control.start.next = next_c;
        field_combo.control.start.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.control.start.value <= 1'h0;
        end else begin
            if(field_combo.control.start.load_next) begin
                field_storage.control.start.value <= field_combo.control.start.next;
            end
        end
    end
    assign hwif_out.control.start.value = field_storage.control.start.value;
    // Field: accelerator_registers.control.done
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.control.done.value;
        load_next_c = '0;
        if(hwif_in.control.done.hwset) begin // HW Set
            next_c = '1;
            load_next_c = '1;
        end else if(hwif_in.control.done.hwclr) begin // HW Clear
            next_c = '0;
            load_next_c = '1;
        end
        field_combo.control.done.next = next_c;
        field_combo.control.done.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.control.done.value <= 1'h0;
        end else begin
            if(field_combo.control.done.load_next) begin
                field_storage.control.done.value <= field_combo.control.done.next;
            end
        end
    end
    assign hwif_out.control.done.value = field_storage.control.done.value;
    // Field: accelerator_registers.control.ready
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.control.ready.value;
        load_next_c = '0;
        if(hwif_in.control.ready.hwset) begin // HW Set
            next_c = '1;
            load_next_c = '1;
        end else if(decoded_reg_strb.control && !decoded_req_is_wr) begin // SW clear on read
            next_c = '0;
            load_next_c = '1;
        end
        field_combo.control.ready.next = next_c;
        field_combo.control.ready.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.control.ready.value <= 1'h0;
        end else begin
            if(field_combo.control.ready.load_next) begin
                field_storage.control.ready.value <= field_combo.control.ready.next;
            end
        end
    end
    // Field: accelerator_registers.control.acknowledge
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.control.acknowledge.value;
        load_next_c = '0;
        if(decoded_reg_strb.control && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.control.acknowledge.value & ~decoded_wr_biten[4:4]) | (decoded_wr_data[4:4] & decoded_wr_biten[4:4]);
            load_next_c = '1;
        end else begin // singlepulse clears back to 0
            next_c = '0;
            load_next_c = '1;
        end
        field_combo.control.acknowledge.next = next_c;
        field_combo.control.acknowledge.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.control.acknowledge.value <= 1'h0;
        end else begin
            if(field_combo.control.acknowledge.load_next) begin
                field_storage.control.acknowledge.value <= field_combo.control.acknowledge.next;
            end
        end
    end
    assign hwif_out.control.acknowledge.value = field_storage.control.acknowledge.value;
    // Field: accelerator_registers.control.auto_restart
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.control.auto_restart.value;
        load_next_c = '0;
        if(decoded_reg_strb.control && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.control.auto_restart.value & ~decoded_wr_biten[7:7]) | (decoded_wr_data[7:7] & decoded_wr_biten[7:7]);
            load_next_c = '1;
        end
        field_combo.control.auto_restart.next = next_c;
        field_combo.control.auto_restart.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.control.auto_restart.value <= 1'h0;
        end else begin
            if(field_combo.control.auto_restart.load_next) begin
                field_storage.control.auto_restart.value <= field_combo.control.auto_restart.next;
            end
        end
    end
    assign hwif_out.control.auto_restart.value = field_storage.control.auto_restart.value;
    // Field: accelerator_registers.interrupt.enable
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.interrupt.enable.value;
        load_next_c = '0;
        if(decoded_reg_strb.interrupt && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.interrupt.enable.value & ~decoded_wr_biten[0:0]) | (decoded_wr_data[0:0] & decoded_wr_biten[0:0]);
            load_next_c = '1;
        end
        field_combo.interrupt.enable.next = next_c;
        field_combo.interrupt.enable.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.interrupt.enable.value <= 1'h0;
        end else begin
            if(field_combo.interrupt.enable.load_next) begin
                field_storage.interrupt.enable.value <= field_combo.interrupt.enable.next;
            end
        end
    end
    assign hwif_out.interrupt.enable.value = field_storage.interrupt.enable.value;
    // Field: accelerator_registers.interrupt_enable.done
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.interrupt_enable.done.value;
        load_next_c = '0;
        if(decoded_reg_strb.interrupt_enable && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.interrupt_enable.done.value & ~decoded_wr_biten[0:0]) | (decoded_wr_data[0:0] & decoded_wr_biten[0:0]);
            load_next_c = '1;
        end
        field_combo.interrupt_enable.done.next = next_c;
        field_combo.interrupt_enable.done.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.interrupt_enable.done.value <= 1'h0;
        end else begin
            if(field_combo.interrupt_enable.done.load_next) begin
                field_storage.interrupt_enable.done.value <= field_combo.interrupt_enable.done.next;
            end
        end
    end
    assign hwif_out.interrupt_enable.done.value = field_storage.interrupt_enable.done.value;
    // Field: accelerator_registers.interrupt_enable.ready
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.interrupt_enable.ready.value;
        load_next_c = '0;
        if(decoded_reg_strb.interrupt_enable && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.interrupt_enable.ready.value & ~decoded_wr_biten[1:1]) | (decoded_wr_data[1:1] & decoded_wr_biten[1:1]);
            load_next_c = '1;
        end
        field_combo.interrupt_enable.ready.next = next_c;
        field_combo.interrupt_enable.ready.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.interrupt_enable.ready.value <= 1'h0;
        end else begin
            if(field_combo.interrupt_enable.ready.load_next) begin
                field_storage.interrupt_enable.ready.value <= field_combo.interrupt_enable.ready.next;
            end
        end
    end
    assign hwif_out.interrupt_enable.ready.value = field_storage.interrupt_enable.ready.value;
    // Field: accelerator_registers.interrupt_status.done
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.interrupt_status.done.value;
        load_next_c = '0;
        if(hwif_in.interrupt_status.done.hwset) begin // HW Set
            next_c = '1;
            load_next_c = '1;
        end else if(decoded_reg_strb.interrupt_status && decoded_req_is_wr) begin // SW write 1 clear
            next_c = field_storage.interrupt_status.done.value & ~(decoded_wr_data[0:0] & decoded_wr_biten[0:0]);
            load_next_c = '1;
        end
        field_combo.interrupt_status.done.next = next_c;
        field_combo.interrupt_status.done.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.interrupt_status.done.value <= 1'h0;
        end else begin
            if(field_combo.interrupt_status.done.load_next) begin
                field_storage.interrupt_status.done.value <= field_combo.interrupt_status.done.next;
            end
        end
    end
    assign hwif_out.interrupt_status.done.value = field_storage.interrupt_status.done.value;
    // Field: accelerator_registers.interrupt_status.ready
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.interrupt_status.ready.value;
        load_next_c = '0;
        if(hwif_in.interrupt_status.ready.hwset) begin // HW Set
            next_c = '1;
            load_next_c = '1;
        end else if(decoded_reg_strb.interrupt_status && decoded_req_is_wr) begin // SW write 1 clear
            next_c = field_storage.interrupt_status.ready.value & ~(decoded_wr_data[1:1] & decoded_wr_biten[1:1]);
            load_next_c = '1;
        end
        field_combo.interrupt_status.ready.next = next_c;
        field_combo.interrupt_status.ready.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.interrupt_status.ready.value <= 1'h0;
        end else begin
            if(field_combo.interrupt_status.ready.load_next) begin
                field_storage.interrupt_status.ready.value <= field_combo.interrupt_status.ready.next;
            end
        end
    end
    assign hwif_out.interrupt_status.ready.value = field_storage.interrupt_status.ready.value;
    // Field: accelerator_registers.input_address.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.input_address.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.input_address && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.input_address.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.input_address.value.next = next_c;
        field_combo.input_address.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.input_address.value.value <= 32'h0;
        end else begin
            if(field_combo.input_address.value.load_next) begin
                field_storage.input_address.value.value <= field_combo.input_address.value.next;
            end
        end
    end
    assign hwif_out.input_address.value.value = field_storage.input_address.value.value;
    // Field: accelerator_registers.input_address_high.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.input_address_high.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.input_address_high && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.input_address_high.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.input_address_high.value.next = next_c;
        field_combo.input_address_high.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.input_address_high.value.value <= 32'h0;
        end else begin
            if(field_combo.input_address_high.value.load_next) begin
                field_storage.input_address_high.value.value <= field_combo.input_address_high.value.next;
            end
        end
    end
    assign hwif_out.input_address_high.value.value = field_storage.input_address_high.value.value;
    // Field: accelerator_registers.input_bytes.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.input_bytes.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.input_bytes && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.input_bytes.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.input_bytes.value.next = next_c;
        field_combo.input_bytes.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.input_bytes.value.value <= 32'h0;
        end else begin
            if(field_combo.input_bytes.value.load_next) begin
                field_storage.input_bytes.value.value <= field_combo.input_bytes.value.next;
            end
        end
    end
    assign hwif_out.input_bytes.value.value = field_storage.input_bytes.value.value;
    // Field: accelerator_registers.output_address.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.output_address.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.output_address && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.output_address.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.output_address.value.next = next_c;
        field_combo.output_address.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.output_address.value.value <= 32'h0;
        end else begin
            if(field_combo.output_address.value.load_next) begin
                field_storage.output_address.value.value <= field_combo.output_address.value.next;
            end
        end
    end
    assign hwif_out.output_address.value.value = field_storage.output_address.value.value;
    // Field: accelerator_registers.output_address_high.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.output_address_high.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.output_address_high && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.output_address_high.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.output_address_high.value.next = next_c;
        field_combo.output_address_high.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.output_address_high.value.value <= 32'h0;
        end else begin
            if(field_combo.output_address_high.value.load_next) begin
                field_storage.output_address_high.value.value <= field_combo.output_address_high.value.next;
            end
        end
    end
    assign hwif_out.output_address_high.value.value = field_storage.output_address_high.value.value;
    // Field: accelerator_registers.results.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.results.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.results && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.results.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.results.value.next = next_c;
        field_combo.results.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.results.value.value <= 32'h0;
        end else begin
            if(field_combo.results.value.load_next) begin
                field_storage.results.value.value <= field_combo.results.value.next;
            end
        end
    end
    assign hwif_out.results.value.value = field_storage.results.value.value;
    // Field: accelerator_registers.mode.kind
    always_comb begin
        automatic logic [1:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.mode.kind.value;
        load_next_c = '0;
        if(decoded_reg_strb.mode && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.mode.kind.value & ~decoded_wr_biten[1:0]) | (decoded_wr_data[1:0] & decoded_wr_biten[1:0]);
            load_next_c = '1;
        end
        field_combo.mode.kind.next = next_c;
        field_combo.mode.kind.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.mode.kind.value <= 2'h0;
        end else begin
            if(field_combo.mode.kind.load_next) begin
                field_storage.mode.kind.value <= field_combo.mode.kind.next;
            end
        end
    end
    assign hwif_out.mode.kind.value = field_storage.mode.kind.value;
    // Field: accelerator_registers.patience.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.patience.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.patience && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.patience.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.patience.value.next = next_c;
        field_combo.patience.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.patience.value.value <= 32'h0;
        end else begin
            if(field_combo.patience.value.load_next) begin
                field_storage.patience.value.value <= field_combo.patience.value.next;
            end
        end
    end
    assign hwif_out.patience.value.value = field_storage.patience.value.value;
    // Field: accelerator_registers.stop.abort
    always_comb begin
        automatic logic [0:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.stop.abort.value;
        load_next_c = '0;
        if(decoded_reg_strb.stop && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.stop.abort.value & ~decoded_wr_biten[0:0]) | (decoded_wr_data[0:0] & decoded_wr_biten[0:0]);
            load_next_c = '1;
        end else begin // singlepulse clears back to 0
            next_c = '0;
            load_next_c = '1;
        end
        field_combo.stop.abort.next = next_c;
        field_combo.stop.abort.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.stop.abort.value <= 1'h0;
        end else begin
            if(field_combo.stop.abort.load_next) begin
                field_storage.stop.abort.value <= field_combo.stop.abort.next;
            end
        end
    end
    assign hwif_out.stop.abort.value = field_storage.stop.abort.value;
    // Field: accelerator_registers.weights_address.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.weights_address.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.weights_address && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.weights_address.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.weights_address.value.next = next_c;
        field_combo.weights_address.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.weights_address.value.value <= 32'h0;
        end else begin
            if(field_combo.weights_address.value.load_next) begin
                field_storage.weights_address.value.value <= field_combo.weights_address.value.next;
            end
        end
    end
    assign hwif_out.weights_address.value.value = field_storage.weights_address.value.value;
    assign hwif_out.weights_address.value.swmod = decoded_reg_strb.weights_address && decoded_req_is_wr && |(decoded_wr_biten[31:0]);
    // Field: accelerator_registers.weights_address_high.value
    always_comb begin
        automatic logic [31:0] next_c;
        automatic logic load_next_c;
        next_c = field_storage.weights_address_high.value.value;
        load_next_c = '0;
        if(decoded_reg_strb.weights_address_high && decoded_req_is_wr) begin // SW write
            next_c = (field_storage.weights_address_high.value.value & ~decoded_wr_biten[31:0]) | (decoded_wr_data[31:0] & decoded_wr_biten[31:0]);
            load_next_c = '1;
        end
        field_combo.weights_address_high.value.next = next_c;
        field_combo.weights_address_high.value.load_next = load_next_c;
    end
    always_ff @(posedge clk) begin
        if(rst) begin
            field_storage.weights_address_high.value.value <= 32'h0;
        end else begin
            if(field_combo.weights_address_high.value.load_next) begin
                field_storage.weights_address_high.value.value <= field_combo.weights_address_high.value.next;
            end
        end
    end
    assign hwif_out.weights_address_high.value.value = field_storage.weights_address_high.value.value;
    assign hwif_out.weights_address_high.value.swmod = decoded_reg_strb.weights_address_high && decoded_req_is_wr && |(decoded_wr_biten[31:0]);

    //--------------------------------------------------------------------------
    // Write response
    //--------------------------------------------------------------------------
    assign cpuif_wr_ack = decoded_req & decoded_req_is_wr;
    // Writes are always granted with no error response
    assign cpuif_wr_err = '0;

    //--------------------------------------------------------------------------
    // Readback
    //--------------------------------------------------------------------------

    logic [7:0] rd_mux_addr;
    assign rd_mux_addr = decoded_addr;

    logic readback_err;
    logic readback_done;
    logic [31:0] readback_data;
    always_comb begin
        automatic logic [31:0] readback_data_var;
        readback_data_var = '0;
        if(rd_mux_addr == 8'h0) begin
            readback_data_var[0] = field_storage.control.start.value;
            readback_data_var[1] = field_storage.control.done.value;
            readback_data_var[2] = hwif_in.control.idle.next;
            readback_data_var[3] = field_storage.control.ready.value;
            readback_data_var[7] = field_storage.control.auto_restart.value;
        end
        if(rd_mux_addr == 8'h4) begin
            readback_data_var[0] = field_storage.interrupt.enable.value;
        end
        if(rd_mux_addr == 8'h8) begin
            readback_data_var[0] = field_storage.interrupt_enable.done.value;
            readback_data_var[1] = field_storage.interrupt_enable.ready.value;
        end
        if(rd_mux_addr == 8'hc) begin
            readback_data_var[0] = field_storage.interrupt_status.done.value;
            readback_data_var[1] = field_storage.interrupt_status.ready.value;
        end
        if(rd_mux_addr == 8'h10) begin
            readback_data_var[31:0] = field_storage.input_address.value.value;
        end
        if(rd_mux_addr == 8'h14) begin
            readback_data_var[31:0] = field_storage.input_address_high.value.value;
        end
        if(rd_mux_addr == 8'h18) begin
            readback_data_var[31:0] = field_storage.input_bytes.value.value;
        end
        if(rd_mux_addr == 8'h1c) begin
            readback_data_var[31:0] = field_storage.output_address.value.value;
        end
        if(rd_mux_addr == 8'h20) begin
            readback_data_var[31:0] = field_storage.output_address_high.value.value;
        end
        if(rd_mux_addr == 8'h24) begin
            readback_data_var[31:0] = field_storage.results.value.value;
        end
        if(rd_mux_addr == 8'h28) begin
            readback_data_var[1:0] = field_storage.mode.kind.value;
        end
        if(rd_mux_addr == 8'h2c) begin
            readback_data_var[31:0] = field_storage.patience.value.value;
        end
        if(rd_mux_addr == 8'h34) begin
            readback_data_var[0] = hwif_in.status.read_error.next;
            readback_data_var[1] = hwif_in.status.write_error.next;
            readback_data_var[2] = hwif_in.status.stalled.next;
            readback_data_var[3] = hwif_in.status.aborted.next;
            readback_data_var[4] = hwif_in.status.parity.next;
            readback_data_var[5] = hwif_in.status.hang.next;
            readback_data_var[6] = hwif_in.status.weights.next;
            readback_data_var[7] = hwif_in.status.refused.next;
            readback_data_var[16] = hwif_in.status.loaded.next;
            readback_data_var[17] = hwif_in.status.stopping.next;
        end
        if(rd_mux_addr == 8'h38) begin
            readback_data_var[31:0] = field_storage.weights_address.value.value;
        end
        if(rd_mux_addr == 8'h3c) begin
            readback_data_var[31:0] = field_storage.weights_address_high.value.value;
        end
        if(rd_mux_addr == 8'h40) begin
            readback_data_var[31:0] = hwif_in.magic.value.next;
        end
        if(rd_mux_addr == 8'h44) begin
            readback_data_var[31:0] = hwif_in.version.value.next;
        end
        for(int i0=0; i0<4; i0++) begin
            if(rd_mux_addr == 8'h48 + (8)'(i0) * 8'h4) begin
                readback_data_var[31:0] = hwif_in.identity[i0].value.next;
            end
        end
        if(rd_mux_addr == 8'h58) begin
            readback_data_var[31:0] = hwif_in.frame_tokens.value.next;
        end
        if(rd_mux_addr == 8'h5c) begin
            readback_data_var[15:0] = hwif_in.widths.token_bits.next;
            readback_data_var[31:16] = hwif_in.widths.result_bits.next;
        end
        if(rd_mux_addr == 8'h60) begin
            readback_data_var[0] = hwif_in.features.events.next;
            readback_data_var[1] = hwif_in.features.loadable.next;
            readback_data_var[2] = hwif_in.features.weights.next;
            readback_data_var[15:8] = hwif_in.features.address_bits.next;
        end
        if(rd_mux_addr == 8'h80) begin
            readback_data_var[31:0] = hwif_in.cycles.value.next;
        end
        if(rd_mux_addr == 8'h84) begin
            readback_data_var[31:0] = hwif_in.run_cycles.value.next;
        end
        if(rd_mux_addr == 8'h88) begin
            readback_data_var[31:0] = hwif_in.latency.value.next;
        end
        if(rd_mux_addr == 8'h8c) begin
            readback_data_var[31:0] = hwif_in.frames.value.next;
        end
        if(rd_mux_addr == 8'h90) begin
            readback_data_var[31:0] = hwif_in.discarded.value.next;
        end
        if(rd_mux_addr == 8'h94) begin
            readback_data_var[31:0] = hwif_in.read_errors.value.next;
        end
        if(rd_mux_addr == 8'h98) begin
            readback_data_var[31:0] = hwif_in.write_errors.value.next;
        end
        if(rd_mux_addr == 8'h9c) begin
            readback_data_var[31:0] = hwif_in.events_accepted.value.next;
        end
        if(rd_mux_addr == 8'ha0) begin
            readback_data_var[31:0] = hwif_in.events_outside.value.next;
        end
        if(rd_mux_addr == 8'ha4) begin
            readback_data_var[31:0] = hwif_in.events_backwards.value.next;
        end
        readback_data = readback_data_var;
        readback_done = decoded_req & ~decoded_req_is_wr;
        readback_err = '0;
    end

    assign cpuif_rd_ack = readback_done;
    assign cpuif_rd_data = readback_data;
    assign cpuif_rd_err = readback_err;
endmodule

// verilator lint_on UNUSEDPARAM
// verilator lint_on UNUSEDSIGNAL
// verilator lint_on MULTIDRIVEN
// verilator lint_on DECLFILENAME
