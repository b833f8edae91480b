// The memory behind an accelerator's AXI masters: bursts answered in order, late and with pauses.
//
// Frames and results go through one master; a design with weights outside the chip reads those through
// another, whose answers come after a random time, as from a memory that serves others too.
#pragma once
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vaccelerator.h"
#include "weight_port.h"

class Memory {
 public:
  static constexpr uint64_t kBase = 0x10000000;

  explicit Memory(uint64_t bytes) : content_(bytes) {}

  uint8_t* content() { return content_.data(); }
  uint64_t size() const { return content_.size(); }
  void seed(uint64_t seed) { random_.seed(seed); }
  // Share of cycles in which a channel waits.
  void stall(double share) { stall_ = static_cast<uint64_t>(share * 4294967296.0); }
  // Accesses to these bytes are answered with an error; none if size is 0.
  void fail(uint64_t address, uint64_t size) {
    bad_ = address;
    bad_size_ = size;
  }
  // Nothing is taken and nothing comes while this is so.
  void freeze(bool frozen) { frozen_ = frozen; }

  void reset(Vaccelerator& top) const {
    top.m_axi_rvalid = top.m_axi_bvalid = 0;
#if WEIGHT_BYTES
    top.m_axi_weights_rvalid = 0;
#endif
  }

  void drive(Vaccelerator& top, int64_t cycle) {
#if WEIGHT_BYTES
    top.m_axi_weights_arready = runs() && weights_.size() < kQueue;
    if (!top.m_axi_weights_rvalid)
      top.m_axi_weights_rvalid = runs() && !weights_.empty() && weights_.front().due <= cycle;
    if (top.m_axi_weights_rvalid) {
      const Burst& burst = weights_.front();
      top.m_axi_weights_rid = 0;
      top.m_axi_weights_rresp = response(burst.address, WEIGHT_BYTES);
      if (inside(burst.address, WEIGHT_BYTES))
        std::memcpy(&top.m_axi_weights_rdata, &content_[burst.address - kBase], WEIGHT_BYTES);
      top.m_axi_weights_rlast = burst.beats == 1;
    }
#endif
    top.m_axi_arready = runs() && reads_.size() < kQueue;
    top.m_axi_awready = runs() && writes_.size() < kQueue;
    top.m_axi_wready = runs();
    // What was offered and not taken stays as it is.
    if (!top.m_axi_rvalid) top.m_axi_rvalid = runs() && !reads_.empty() && reads_.front().due <= cycle;
    if (top.m_axi_rvalid) {
      const Burst& burst = reads_.front();
      top.m_axi_rid = 0;
      top.m_axi_rdata = 0;
      top.m_axi_rresp = response(burst.address);
      if (inside(burst.address)) std::memcpy(&top.m_axi_rdata, &content_[burst.address - kBase], kBeat);
      top.m_axi_rlast = burst.beats == 1;
    }
    if (!top.m_axi_bvalid) top.m_axi_bvalid = runs() && !answers_.empty() && answers_.front().due <= cycle;
    if (top.m_axi_bvalid) {
      top.m_axi_bid = 0;
      top.m_axi_bresp = static_cast<uint8_t>(answers_.front().response);
    }
  }

  // Looks at the settled ports; what moved has been taken when the clock rises.
  void observe(Vaccelerator& top, int64_t cycle) {
#if WEIGHT_BYTES
    took_weights_ = top.m_axi_weights_rvalid && top.m_axi_weights_rready;
    if (took_weights_) {
      weights_.front().address += WEIGHT_BYTES;
      if (--weights_.front().beats == 0) weights_.pop_front();
    }
    if (top.m_axi_weights_arvalid && top.m_axi_weights_arready) {
      const int64_t late = cycle + static_cast<int64_t>(random_() % kSpread);
      weights_.push_back(asked(top.m_axi_weights_araddr, top.m_axi_weights_arlen, late, WEIGHT_BYTES));
    }
#endif
    took_r_ = top.m_axi_rvalid && top.m_axi_rready;
    took_b_ = top.m_axi_bvalid && top.m_axi_bready;
    if (took_r_) {
      reads_.front().address += kBeat;
      if (--reads_.front().beats == 0) reads_.pop_front();
    }
    if (took_b_) answers_.pop_front();
    if (top.m_axi_arvalid && top.m_axi_arready) reads_.push_back(asked(top.m_axi_araddr, top.m_axi_arlen, cycle));
    if (top.m_axi_awvalid && top.m_axi_awready) writes_.push_back(asked(top.m_axi_awaddr, top.m_axi_awlen, cycle));
    if (top.m_axi_wvalid && top.m_axi_wready) data_.push_back({top.m_axi_wdata, top.m_axi_wlast});
    while (!data_.empty() && !writes_.empty()) store(cycle);
  }

  // Behind the clock edge.
  void release(Vaccelerator& top) const {
    if (took_r_) top.m_axi_rvalid = 0;
    if (took_b_) top.m_axi_bvalid = 0;
#if WEIGHT_BYTES
    if (took_weights_) top.m_axi_weights_rvalid = 0;
#endif
  }

 private:
  static constexpr size_t kQueue = 8;
  static constexpr int64_t kLatency = 20, kSpread = 40, kPage = 4096, kBeat = 8;
  static constexpr int kSlaveError = 2, kDecodeError = 3;

  struct Burst {
    uint64_t address;
    int64_t beats, due;
    int response;
  };
  struct Beat {
    uint64_t data;
    bool last;
  };

  bool runs() { return !frozen_ && (!stall_ || (random_() & 0xffffffff) >= stall_); }
  bool inside(uint64_t address, uint64_t beat = kBeat) const {
    return address >= kBase && address + beat <= kBase + content_.size();
  }
  int response(uint64_t address, uint64_t beat = kBeat) const {
    if (!inside(address, beat)) return kDecodeError;
    return bad_size_ && address + beat > bad_ && address < bad_ + bad_size_ ? kSlaveError : 0;
  }

  static Burst asked(uint64_t address, int length, int64_t cycle, uint64_t beat = kBeat) {
    const int64_t beats = length + 1;
    if (address % beat || address / kPage != (address + beats * beat - 1) / kPage)
      throw std::runtime_error("a burst crosses a 4 KB boundary, or begins inside a beat");
    return {address, beats, cycle + kLatency, 0};
  }

  void store(int64_t cycle) {
    Burst& burst = writes_.front();
    const Beat beat = data_.front();
    data_.pop_front();
    if (beat.last != (burst.beats == 1)) throw std::runtime_error("wlast is not at the last beat of a burst");
    const int answer = response(burst.address);
    if (!answer) std::memcpy(&content_[burst.address - kBase], &beat.data, kBeat);
    if (answer > burst.response) burst.response = answer;
    burst.address += kBeat;
    if (--burst.beats) return;
    answers_.push_back({0, 0, cycle + kLatency, burst.response});
    writes_.pop_front();
  }

  std::vector<uint8_t> content_;
  std::deque<Burst> reads_, writes_, answers_, weights_;
  std::deque<Beat> data_;
  std::mt19937_64 random_;
  uint64_t stall_ = 0, bad_ = 0, bad_size_ = 0;
  bool frozen_ = false, took_r_ = false, took_b_ = false, took_weights_ = false;
};
