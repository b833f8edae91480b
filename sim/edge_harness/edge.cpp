// An accelerator behind AXI4 as a device: registers that are read and written, and a memory.
//
// The C interface at the end is what ssnn_fpga/simulate/edge.py calls. Every access to a register is a
// transfer on the slave port, and takes the clocks that it takes; the memory's model answers the masters.
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "memory.h"
#include "verilated.h"

// A model that stops, finishes or fails must not end the process it is loaded into.
void vl_fatal(const char* file, int line, const char*, const char* message) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + message);
}
void vl_stop(const char* file, int line, const char* scope) { vl_fatal(file, line, scope, "the model stopped"); }
void vl_finish(const char* file, int line, const char* scope) { vl_fatal(file, line, scope, "the model finished"); }
void vl_warn(const char* file, int line, const char* scope, const char* message) {
  vl_fatal(file, line, scope, message);
}

namespace {

class Device {
 public:
  // Memory images are named without a path, so the model reads them in ``folder``.
  Device(const char* folder, uint64_t bytes, int seed) : memory_(bytes) {
    context_.randReset(2);  // registers without a reset start anywhere
    context_.randSeed(seed + 1);
    top_ = std::make_unique<Vaccelerator>(&context_, "");
    char* here = getcwd(nullptr, 0);
    const std::string before = here ? here : ".";
    std::free(here);
    if (chdir(folder)) throw std::runtime_error(std::string("cannot enter ") + folder);
    top_->eval();
    if (chdir(before.c_str())) std::perror("chdir");
    memory_.seed(seed);
    top_->s_axi_awvalid = top_->s_axi_wvalid = top_->s_axi_bready = top_->s_axi_arvalid = top_->s_axi_rready = 0;
    memory_.reset(*top_);
    top_->rst_i = 1;
    for (int i = 0; i < 4; ++i) clock();
    top_->rst_i = 0;
    for (int i = 0; i < 4; ++i) clock();
  }
  ~Device() { top_->final(); }

  void write(uint32_t offset, uint32_t value) {
    top_->s_axi_awvalid = top_->s_axi_wvalid = top_->s_axi_bready = 1;
    top_->s_axi_awaddr = offset;
    top_->s_axi_wdata = value;
    top_->s_axi_wstrb = 15;
    for (int left = kPatience;; --left) {
      settle();
      const bool address = top_->s_axi_awvalid && top_->s_axi_awready;
      const bool data = top_->s_axi_wvalid && top_->s_axi_wready;
      const bool answered = top_->s_axi_bvalid;
      rise();
      if (address) top_->s_axi_awvalid = 0;
      if (data) top_->s_axi_wvalid = 0;
      if (answered) break;
      if (!left) throw std::runtime_error("a write of a register was not answered");
    }
    top_->s_axi_bready = 0;
  }

  uint32_t read(uint32_t offset) {
    top_->s_axi_arvalid = top_->s_axi_rready = 1;
    top_->s_axi_araddr = offset;
    for (int left = kPatience;; --left) {
      settle();
      const bool address = top_->s_axi_arvalid && top_->s_axi_arready;
      const bool answered = top_->s_axi_rvalid;
      const uint32_t value = top_->s_axi_rdata;
      rise();
      if (address) top_->s_axi_arvalid = 0;
      if (answered) {
        top_->s_axi_rready = 0;
        return value;
      }
      if (!left) throw std::runtime_error("a read of a register was not answered");
    }
  }

  // Lets clocks pass, until the interrupt if asked for; true if it is there.
  bool run(int64_t cycles, bool until_interrupt) {
    for (; cycles > 0 && !(until_interrupt && top_->interrupt_o); --cycles) clock();
    return top_->interrupt_o;
  }

  Memory& memory() { return memory_; }
  int64_t cycles() const { return cycle_; }
  std::string error;

 private:
  static constexpr int kPatience = 1000;

  void settle() {
    memory_.drive(*top_, cycle_);
    top_->clk_i = 0;
    top_->eval();
  }
  void rise() {
    if (!top_->rst_i) memory_.observe(*top_, cycle_);  // before its reset a master may say anything
    top_->clk_i = 1;
    top_->eval();
    memory_.release(*top_);
    ++cycle_;
  }
  void clock() {
    settle();
    rise();
  }

  VerilatedContext context_;
  std::unique_ptr<Vaccelerator> top_;
  Memory memory_;
  int64_t cycle_ = 0;
};

std::string open_error;

// What ``call`` gives; ``failed`` after an exception, whose text edge_error tells.
template <typename Result, typename Call>
Result guarded(Device* device, Result failed, Call call) {
  try {
    return call();
  } catch (const std::exception& error) {
    device->error = error.what();
    return failed;
  }
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT Device* edge_open(const char* folder, uint64_t bytes, int seed) try {
  return new Device(folder, bytes, seed);
} catch (const std::exception& error) {
  open_error = error.what();
  return nullptr;
}
EXPORT const char* edge_error(Device* device) { return (device ? device->error : open_error).c_str(); }
EXPORT void edge_close(Device* device) { delete device; }

// -1 after an error.
EXPORT int64_t edge_read(Device* device, uint32_t offset) {
  return guarded<int64_t>(device, -1, [&] { return int64_t{device->read(offset)}; });
}
EXPORT int edge_write(Device* device, uint32_t offset, uint32_t value) {
  return guarded(device, -1, [&] { return device->write(offset, value), 0; });
}
// 1 if the interrupt is there.
EXPORT int edge_run(Device* device, int64_t cycles, int until_interrupt) {
  return guarded(device, -1, [&] { return int{device->run(cycles, until_interrupt)}; });
}
EXPORT int64_t edge_cycles(Device* device) { return device->cycles(); }
EXPORT uint64_t edge_base() { return Memory::kBase; }
EXPORT uint8_t* edge_memory(Device* device) { return device->memory().content(); }
EXPORT void edge_stall(Device* device, double share, uint64_t seed) {
  device->memory().seed(seed);
  device->memory().stall(share);
}
EXPORT void edge_fail(Device* device, uint64_t address, uint64_t bytes) { device->memory().fail(address, bytes); }
EXPORT void edge_freeze(Device* device, int frozen) { device->memory().freeze(frozen); }
