// Every register and memory of a model that was compiled with its states open, and how to flip one bit.
//
// Which variables these are is told in the Verilator configuration; a model that was compiled without
// has none.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "verilated.h"
#include "verilated_syms.h"

class States {
 public:
  struct State {
    std::string name;   // hierarchical
    uint8_t* data;      // little endian, each word of a memory in a container of its own
    int64_t words;      // of a memory; 1 for a register
    int64_t bits;       // of a word
    int64_t container;  // bytes of a word
  };

  explicit States(VerilatedContext& context) {
    for (const auto& [path, scope] : *context.scopeNameMap()) {
      if (!scope->varsp()) continue;
      for (const auto& [name, variable] : *scope->varsp()) {
        if (!variable.isPublicRW() || variable.isParam()) continue;
        const int64_t bits = variable.entBits(), container = variable.entSize();
        const int64_t words = static_cast<int64_t>(variable.totalSize()) / container;
        states_.push_back({std::string(path) + "." + name, static_cast<uint8_t*>(variable.datap()), words,
                           bits, container});
      }
    }
  }

  int64_t count() const { return static_cast<int64_t>(states_.size()); }
  const State& at(int64_t index) const { return states_.at(index); }

  // ``bit`` counts through the words of a memory, word by word.
  void flip(int64_t index, int64_t bit) { byte(index, bit) ^= mask(index, bit); }

  bool get(int64_t index, int64_t bit) { return byte(index, bit) & mask(index, bit); }


 private:
  uint8_t& byte(int64_t index, int64_t bit) {
    const State& state = states_.at(index);
    if (bit < 0 || bit >= state.words * state.bits) throw std::runtime_error(state.name + " has no such bit");
    return state.data[bit / state.bits * state.container + bit % state.bits / 8];
  }

  uint8_t mask(int64_t index, int64_t bit) const { return 1 << bit % states_.at(index).bits % 8; }

  std::vector<State> states_;
};
