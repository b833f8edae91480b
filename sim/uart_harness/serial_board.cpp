// A board with a serial port, simulated: the top level that is synthesised, with the host's end of
// the line played bit by bit. Commands come on standard input and are answered on standard output,
// numbers in the machine's own byte order:
//
//   W  count(4) bytes      queue bytes for the board
//   R  count(4) quiet(8)   run until the queue is sent and then until count bytes have come, or none
//                          has for `quiet` clocks; answers count(4) bytes
//   X                      forget the bytes that have come and were not read
//   H  level(1) clocks(8)  hold the line at a level, bytes waiting
//   P  clocks(8)           press the reset button
//   C                      answers the clocks that have passed (8)
//
// Compiled with CLOCKS_PER_BIT. Arguments: a seed for the registers that have no reset.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

class Board {
  public:
    explicit Board(int seed) {
        context_.randReset(2);
        context_.randSeed(seed);
        top_ = std::make_unique<Vtop>(&context_);
        top_->clk_25mhz = 0;
        top_->reset_button = 0;
        top_->ftdi_txd = 1;
    }

    ~Board() { top_->final(); }

    void queue(const std::vector<uint8_t>& bytes) { outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end()); }

    // Bytes of the board, at most `count`; see R above.
    std::vector<uint8_t> read(uint32_t count, uint64_t quiet) {
        while (!outgoing_.empty() || sending_) clock();
        size_t seen = incoming_.size();
        for (uint64_t waited = 0; incoming_.size() < count && waited < quiet; ++waited) {
            clock();
            if (incoming_.size() != seen) {
                seen = incoming_.size();
                waited = 0;
            }
        }
        const size_t taken = incoming_.size() < count ? incoming_.size() : count;
        std::vector<uint8_t> bytes(incoming_.begin(), incoming_.begin() + taken);
        incoming_.erase(incoming_.begin(), incoming_.begin() + taken);
        return bytes;
    }

    void forget() { incoming_.clear(); }

    void hold(int level, uint64_t clocks) {
        while (sending_) clock();
        held_ = true;
        top_->ftdi_txd = level;
        while (clocks--) clock();
        top_->ftdi_txd = 1;
        held_ = false;
    }

    void press(uint64_t clocks) {
        top_->reset_button = 1;
        while (clocks--) clock();
        top_->reset_button = 0;
    }

    uint64_t clocks() const { return clocks_; }

  private:
    void clock() {
        if (!held_) talk();
        top_->clk_25mhz = 0;
        top_->eval();
        top_->clk_25mhz = 1;
        top_->eval();
        ++clocks_;
        listen();
    }

    // Start bit, eight data bits with the least significant first, stop bit.
    void talk() {
        if (!sending_) {
            if (outgoing_.empty()) return;
            frame_ = 0x200u | outgoing_.front() << 1;
            outgoing_.pop_front();
            sending_ = 10 * CLOCKS_PER_BIT;
        }
        const int bit = (10 * CLOCKS_PER_BIT - sending_) / CLOCKS_PER_BIT;
        top_->ftdi_txd = frame_ >> bit & 1;
        --sending_;
    }

    // Looks at the middle of every bit; a byte with a low stop bit ends the simulation.
    void listen() {
        const int line = top_->ftdi_rxd;
        if (listening_ < 0) {
            if (!line) listening_ = 0, byte_ = 0;
            return;
        }
        ++listening_;
        if (listening_ % CLOCKS_PER_BIT != CLOCKS_PER_BIT / 2) return;
        const int bit = listening_ / CLOCKS_PER_BIT;
        if (bit >= 1 && bit <= 8) byte_ |= line << (bit - 1);
        if (bit == 9) {
            if (!line) {
                std::fprintf(stderr, "the board sent a byte without stop bit\n");
                std::exit(3);
            }
            incoming_.push_back(byte_);
            listening_ = -1;
        }
    }

    VerilatedContext context_;
    std::unique_ptr<Vtop> top_;
    std::deque<uint8_t> outgoing_, incoming_;
    uint64_t clocks_ = 0;
    unsigned frame_ = 0;
    int sending_ = 0;     // clocks left of the byte on its way to the board
    int listening_ = -1;  // clocks since the start bit of a byte from the board; -1 between bytes
    uint8_t byte_ = 0;
    bool held_ = false;
};

bool take(void* to, size_t size) { return std::fread(to, 1, size, stdin) == size; }

void give(const void* from, size_t size) { std::fwrite(from, 1, size, stdout); }

}  // namespace

int main(int argc, char** argv) {
    Board board(argc > 1 ? std::atoi(argv[1]) : 0);
    uint32_t count = 0;
    uint64_t clocks = 0;
    uint8_t level = 0;
    for (int command; (command = std::getchar()) != EOF;) {
        if (command == 'W' && take(&count, 4)) {
            std::vector<uint8_t> bytes(count);
            if (!take(bytes.data(), count)) return 2;
            board.queue(bytes);
        } else if (command == 'R' && take(&count, 4) && take(&clocks, 8)) {
            const std::vector<uint8_t> bytes = board.read(count, clocks);
            count = static_cast<uint32_t>(bytes.size());
            give(&count, 4);
            give(bytes.data(), bytes.size());
            std::fflush(stdout);
        } else if (command == 'X') {
            board.forget();
        } else if (command == 'H' && take(&level, 1) && take(&clocks, 8)) {
            board.hold(level, clocks);
        } else if (command == 'P' && take(&clocks, 8)) {
            board.press(clocks);
        } else if (command == 'C') {
            clocks = board.clocks();
            give(&clocks, 8);
            std::fflush(stdout);
        } else {
            return 2;
        }
    }
    return 0;
}
