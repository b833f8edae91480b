// Runs a compiled accelerator: feeds tokens, takes results, records what moves on every stream.
//
// The C interface at the end is what ssnn_fpga/simulate/library.py calls. A cycle is: drive the
// inputs and settle with the clock low, look at every stream, raise the clock.
#include <unistd.h>

#include <memory>
#include <random>

#include "Vaccelerator.h"
#include "memory.h"
#include "recorder.h"
#include "states.h"
#include "verilated.h"

// Written for each design: its streams, and the widths of its ports.
std::vector<Stream> streams_of(Vaccelerator& model);
LoadPort load_port_of(Vaccelerator& model);
const uint8_t* errors_of(Vaccelerator& model);  // null where nothing is reported
extern const int kInputBits;
ReadPort read_port_of(Vaccelerator& model);

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

class Harness {
 public:
  // Memory images are named without a path, so the model reads them in ``folder``.
  Harness(const char* folder, int seed) {
    context_.randReset(2);  // registers without a reset start anywhere
    context_.randSeed(seed + 1);
    model_ = std::make_unique<Vaccelerator>(&context_, "");
    const Home home(folder);
    model_->eval();
    for (const Stream& stream : streams_of(*model_)) recorders_.emplace_back(stream);
    load_ = load_port_of(*model_);
    errors_ = errors_of(*model_);
    states_ = std::make_unique<States>(context_);
    memory_ = std::make_unique<Memory>(read_port_of(*model_));
  }
  ~Harness() { model_->final(); }

  // Runs until all tokens of ``samples`` have moved on every stream that is observed (rows that a
  // pool drops move after the last result), then a little longer to catch one too many. Returns
  // the cycle after the last result, or -1 if nothing moved for ``patience`` cycles.
  // No result is taken before cycle ``hold``.
  int64_t run(const uint8_t* tokens, int64_t inputs, int64_t samples, double stall_in, double stall_out,
              uint64_t seed, bool keep, int64_t patience, int64_t hold) {
    random_.seed(seed);
    for (Recorder& recorder : recorders_) recorder.clear(samples);
    reset();
    if (load_.valid && !load(tokens, inputs, stall_in, patience)) return -1;
    const size_t first = keep ? 0 : recorders_.size() - 1;
    int64_t missing = 0;
    for (size_t i = first; i < recorders_.size(); ++i) missing += recorders_[i].expected();
    int64_t sent = 0, cycle = 0, idle = 0;
    bool offered = false;
    for (int64_t after = 0; after < kAfterwards; after += !missing) {
      if (!offered && sent < inputs) {
        offered = !chance(stall_in);
        drive(offered ? tokens + sent * input_bytes() : nullptr, stall_in > 0);
      }
      model_->in_valid_i = offered;
      model_->out_ready_i = cycle >= hold && !chance(stall_out);
      memory_->drive(cycle, chance(stall_in));
      settle(0);
      memory_->observe(cycle);
      bool moved = offered && model_->in_ready_o;
      if (moved) {
        ++sent;
        offered = false;
      }
      for (size_t i = first; i < recorders_.size(); ++i) {
        if (!recorders_[i].observe(cycle)) continue;
        moved = true;
        --missing;
      }
      settle(1);
      if (cycle == flip_cycle_) states_->flip(flip_state_, flip_bit_);
      ++cycle;
      idle = moved || cycle < hold ? 0 : idle + 1;
      if (idle > patience) return -1;
    }
    return recorders_.back().cycles().back() + 1;
  }

  // Feeds tokens for some cycles and breaks off where that is: the next run's reset comes in mid-frame.
  void run_into(const uint8_t* tokens, int64_t inputs, int64_t cycles) {
    reset();
    if (load_.valid) load(tokens, inputs, 0, image_.size());
    model_->out_ready_i = 1;
    for (int64_t cycle = 0, sent = 0; cycle < cycles; ++cycle) {
      model_->in_valid_i = sent < inputs;
      drive(sent < inputs ? tokens + sent * input_bytes() : nullptr, true);
      memory_->drive(cycle, false);
      settle(0);
      memory_->observe(cycle);
      sent += model_->in_valid_i && model_->in_ready_o;
      settle(1);
    }
  }

  // Lets time pass behind a run: nothing is offered, and whatever comes out is taken.
  void wait(int64_t cycles) {
    model_->in_valid_i = 0;
    model_->out_ready_i = 1;
    for (int64_t cycle = 0; cycle < cycles; ++cycle) {
      settle(0);
      settle(1);
    }
  }

  const Recorder& recorder(int index) const { return recorders_.at(index); }
  int streams() const { return static_cast<int>(recorders_.size()); }
  // Flips a bit at the end of a cycle of the runs that follow; never if the cycle is negative.
  void flip_at(int64_t cycle, int64_t state, int64_t bit) {
    flip_cycle_ = cycle;
    flip_state_ = state;
    flip_bit_ = bit;
  }
  // What the runs that follow load before their first frame.
  void image(const uint32_t* words, int64_t count) { image_.assign(words, words + count); }
  int errors() const { return errors_ ? *errors_ : 0; }
  States& states() { return *states_; }
  Memory& memory() { return *memory_; }
  bool input_ready() const { return model_->in_ready_o; }
  std::string error;

 private:
  static constexpr int64_t kAfterwards = 64;
  static constexpr int kResetCycles = 2;  // what every module of the library has to make do with

  struct Home {  // works in a folder, then goes back
    explicit Home(const char* folder) {
      char* here = getcwd(nullptr, 0);
      before = here ? here : ".";
      free(here);
      if (chdir(folder)) throw std::runtime_error(std::string("cannot enter ") + folder);
    }
    ~Home() {
      if (chdir(before.c_str())) std::perror("chdir");
    }
    std::string before;
  };

  static size_t input_bytes() { return (kInputBits + 7) / 8; }

  void settle(int clock) {
    model_->clk_i = clock;
    model_->eval();
  }

  void reset() {
    model_->rst_i = 1;
    model_->in_valid_i = 0;
    model_->out_ready_i = 0;
    memory_->reset();
    for (int i = 0; i < kResetCycles; ++i) {
      settle(0);
      settle(1);
    }
    model_->rst_i = 0;
  }

  // Loads the image while the first token is offered, which must not be taken before the image is
  // whole; false if the memories are not whole ``patience`` cycles after its last word.
  bool load(const uint8_t* tokens, int64_t inputs, double stall, int64_t patience) {
    size_t sent = 0;
    bool offered = false;
    model_->in_valid_i = inputs > 0;
    drive(tokens, false);
    for (int64_t idle = 0; idle <= patience; ++idle) {
      if (!offered && sent < image_.size()) offered = !chance(stall);
      *load_.valid = offered;
      *load_.data = offered ? image_[sent] : static_cast<uint32_t>(random_());
      settle(0);
      const bool loaded = *load_.loaded, moved = offered && *load_.ready;
      if (model_->in_ready_o) throw std::runtime_error("a token was taken before the memories were loaded");
      settle(1);
      if (loaded && sent == image_.size()) return true;
      if (moved) {
        ++sent;
        offered = false;
        idle = 0;
      }
    }
    return false;
  }

  bool chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }

  // Between tokens the data port carries noise, so that nothing can live on data without valid.
  void drive(const uint8_t* token, bool noise) {
    uint8_t* port = reinterpret_cast<uint8_t*>(&model_->in_data_i);
    if (token) {
      std::memcpy(port, token, input_bytes());
    } else if (noise) {
      for (size_t i = 0; i < input_bytes(); ++i) port[i] = static_cast<uint8_t>(random_());
      if (kInputBits % 8) port[input_bytes() - 1] &= (1 << kInputBits % 8) - 1;
    }
  }

  VerilatedContext context_;
  std::unique_ptr<Vaccelerator> model_;
  std::vector<Recorder> recorders_;
  std::unique_ptr<States> states_;
  std::unique_ptr<Memory> memory_;
  LoadPort load_;
  const uint8_t* errors_;
  std::vector<uint32_t> image_;
  int64_t flip_cycle_ = -1, flip_state_ = 0, flip_bit_ = 0;
  std::mt19937_64 random_;
};

std::string open_error;

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT Harness* harness_open(const char* folder, int seed) try {
  return new Harness(folder, seed);
} catch (const std::exception& error) {
  open_error = error.what();
  return nullptr;
}
EXPORT const char* harness_error(Harness* harness) { return (harness ? harness->error : open_error).c_str(); }
EXPORT void harness_close(Harness* harness) { delete harness; }

// Cycles; -1 after a hang; -2 after a broken promise, described by harness_error.
EXPORT int64_t harness_run(Harness* harness, const uint8_t* tokens, int64_t inputs, int64_t samples,
                           double stall_in, double stall_out, uint64_t seed, int keep, int64_t patience,
                           int64_t hold) try {
  return harness->run(tokens, inputs, samples, stall_in, stall_out, seed, keep, patience, hold);
} catch (const std::exception& error) {
  harness->error = error.what();
  return -2;
}

// The content of the memory outside the chip, for the runs that follow.
EXPORT void harness_weights(Harness* harness, const uint8_t* content, int64_t size) {
  harness->memory().load(content, size);
}
EXPORT void harness_run_into(Harness* harness, const uint8_t* tokens, int64_t inputs, int64_t cycles) {
  harness->run_into(tokens, inputs, cycles);
}
EXPORT void harness_wait(Harness* harness, int64_t cycles) { harness->wait(cycles); }
EXPORT void harness_image(Harness* harness, const uint32_t* words, int64_t count) { harness->image(words, count); }
EXPORT int harness_errors(Harness* harness) { return harness->errors(); }
EXPORT int harness_input_ready(Harness* harness) { return harness->input_ready(); }
EXPORT int harness_streams(Harness* harness) { return harness->streams(); }
EXPORT const char* harness_name(Harness* harness, int stream) {
  return harness->recorder(stream).stream().name.c_str();
}
EXPORT int harness_valid(Harness* harness, int stream) { return *harness->recorder(stream).stream().valid; }
EXPORT int harness_ready(Harness* harness, int stream) { return *harness->recorder(stream).stream().ready; }
EXPORT int64_t harness_count(Harness* harness, int stream) {
  return static_cast<int64_t>(harness->recorder(stream).cycles().size());
}
EXPORT const uint8_t* harness_tokens(Harness* harness, int stream) {
  return harness->recorder(stream).tokens().data();
}
EXPORT const uint8_t* harness_skipped(Harness* harness, int stream) {
  return harness->recorder(stream).skipped().data();
}
EXPORT const int64_t* harness_cycles(Harness* harness, int stream) {
  return harness->recorder(stream).cycles().data();
}

EXPORT int64_t harness_states(Harness* harness) { return harness->states().count(); }
EXPORT const char* harness_state_name(Harness* harness, int64_t state) {
  return harness->states().at(state).name.c_str();
}
EXPORT int64_t harness_state_bits(Harness* harness, int64_t state) {
  const States::State& found = harness->states().at(state);
  return found.words * found.bits;
}
EXPORT void harness_flip(Harness* harness, int64_t state, int64_t bit) { harness->states().flip(state, bit); }
EXPORT int harness_bit(Harness* harness, int64_t state, int64_t bit) { return harness->states().get(state, bit); }
EXPORT void harness_flip_at(Harness* harness, int64_t cycle, int64_t state, int64_t bit) {
  harness->flip_at(cycle, state, bit);
}
