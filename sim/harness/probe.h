// One stream of the accelerator, as the harness sees it: pointers into the compiled model.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct Stream {
  std::string name;
  const uint8_t* valid;
  const uint8_t* ready;
  const uint8_t* skipped;  // null where the stream has no such flag
  const uint8_t* data;     // little endian, as the model holds any vector
  size_t bytes;            // of one token
  int64_t tokens;          // of one sample
};

// Where a loadable accelerator takes its image; all null in one that is not.
struct LoadPort {
  uint8_t* valid;
  const uint8_t* ready;
  uint32_t* data;
  const uint8_t* loaded;
};
