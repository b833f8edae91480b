// The memory outside the chip from which an accelerator reads weights: bursts answered in order.
//
// The port is the top level's ``weights_*``; a design without one has a ReadPort of null pointers.
#pragma once
#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <vector>

struct ReadPort {
  uint32_t* base;
  const uint8_t* ar_valid;
  uint8_t* ar_ready;
  const uint32_t* ar_addr;
  const uint8_t* ar_len;
  uint8_t* r_valid;
  uint8_t* r_data;
  uint8_t* r_resp;
  size_t bytes;  // of a beat
};

class Memory {
 public:
  explicit Memory(const ReadPort& port) : port_(port) {}

  void load(const uint8_t* content, int64_t size) { content_.assign(content, content + size); }

  void reset() {
    asked_.clear();
    if (!port_.base) return;
    *port_.base = kBase;
    *port_.ar_ready = *port_.r_valid = 0;
  }

  // Drives the port for a cycle; in a stalled one nothing is taken and nothing comes.
  void drive(int64_t cycle, bool stalled) {
    if (!port_.base) return;
    *port_.ar_ready = !stalled && asked_.size() < kQueue;
    *port_.r_valid = !stalled && !asked_.empty() && asked_.front().due <= cycle;
    if (*port_.r_valid) std::memcpy(port_.r_data, place(asked_.front().address), port_.bytes);
    *port_.r_resp = 0;
  }

  // Looks at the settled port: what was asked for, and whether a beat went.
  void observe(int64_t cycle) {
    if (!port_.base) return;
    if (*port_.r_valid) {
      asked_.front().address += static_cast<uint32_t>(port_.bytes);
      if (--asked_.front().beats == 0) asked_.pop_front();
    }
    if (*port_.ar_valid && *port_.ar_ready) {
      const int64_t beats = *port_.ar_len + 1, end = *port_.ar_addr + beats * static_cast<int64_t>(port_.bytes);
      if (*port_.ar_addr / kPage != (end - 1) / kPage) throw std::runtime_error("a read crosses a 4 KB boundary");
      asked_.push_back({*port_.ar_addr, beats, cycle + kLatency});
    }
  }

 private:
  static constexpr uint32_t kBase = 0x1f40;  // anywhere, and in the middle of a page
  static constexpr size_t kQueue = 8;        // bursts under way
  static constexpr int64_t kLatency = 30, kPage = 4096;

  struct Burst {
    uint32_t address;
    int64_t beats, due;
  };

  const uint8_t* place(uint32_t address) const {
    const size_t offset = address - kBase;
    if (address < kBase || offset + port_.bytes > content_.size())
      throw std::runtime_error("a read at byte " + std::to_string(int64_t{address} - kBase) + " of " +
                               std::to_string(content_.size()) + " bytes of weights");
    return content_.data() + offset;
  }

  ReadPort port_;
  std::vector<uint8_t> content_;
  std::deque<Burst> asked_;
};
