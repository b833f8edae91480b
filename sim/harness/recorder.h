// Keeps the tokens that move on one stream and checks that waiting tokens stay as they are.
#pragma once
#include <cstring>
#include <stdexcept>

#include "probe.h"

class Recorder {
 public:
  explicit Recorder(const Stream& stream) : stream_(stream) {}

  const Stream& stream() const { return stream_; }
  const std::vector<uint8_t>& tokens() const { return tokens_; }
  const std::vector<uint8_t>& skipped() const { return skipped_; }
  const std::vector<int64_t>& cycles() const { return cycles_; }

  // Begins a run of some samples.
  void clear(int64_t samples) {
    expected_ = samples * stream_.tokens;
    tokens_.clear();
    skipped_.clear();
    cycles_.clear();
    waiting_ = false;
  }

  int64_t expected() const { return expected_; }

  // Looks at the settled signals of one cycle; true if a token moved.
  bool observe(int64_t cycle) {
    if (waiting_) check(cycle);
    if (!*stream_.valid) return false;
    if (!*stream_.ready) {
      if (!waiting_) held_.assign(stream_.data, stream_.data + stream_.bytes);
      waiting_ = true;
      return false;
    }
    waiting_ = false;
    if (static_cast<int64_t>(cycles_.size()) == expected_)
      throw std::runtime_error("stream " + stream_.name + ": a token too many after " +
                               std::to_string(expected_) + ", in cycle " + std::to_string(cycle));
    tokens_.insert(tokens_.end(), stream_.data, stream_.data + stream_.bytes);
    cycles_.push_back(cycle);
    if (stream_.skipped) skipped_.push_back(*stream_.skipped);
    return true;
  }

 private:
  void check(int64_t cycle) const {
    const bool stable = *stream_.valid && !std::memcmp(held_.data(), stream_.data, stream_.bytes);
    if (stable) return;
    throw std::runtime_error("stream " + stream_.name + ": " +
                             (*stream_.valid ? "a waiting token changed" : "valid was dropped before ready") +
                             " in cycle " + std::to_string(cycle));
  }

  const Stream stream_;
  std::vector<uint8_t> tokens_, skipped_, held_;
  std::vector<int64_t> cycles_;
  int64_t expected_ = 0;
  bool waiting_ = false;
};
