#ifndef NNET_TOKENS_H_
#define NNET_TOKENS_H_

#include "hls_stream.h"

// A token is the channels of one pixel at one timestep. Tensors are (timestep, row, column, channel),
// so the tokens of a sample come in the order of timestep, row, column, whether an array (io_parallel)
// or a stream of words (io_stream) carries them. The kernels of this folder know tokens only.

namespace nnet {

template <unsigned N, class value_T, class data_T>
void read_token(data_T *data, unsigned index, value_T token[N]) {
    #pragma HLS INLINE
    for (unsigned c = 0; c < N; c++) {
        #pragma HLS UNROLL
        token[c] = data[index * N + c];
    }
}

template <unsigned N, class value_T, class word_T>
void read_token(hls::stream<word_T> &data, unsigned, value_T token[N]) {
    #pragma HLS INLINE
    word_T word = data.read();
    for (unsigned c = 0; c < N; c++) {
        #pragma HLS UNROLL
        token[c] = word[c];
    }
}

template <unsigned N, class value_T, class res_T>
void write_token(value_T token[N], unsigned index, res_T *res) {
    #pragma HLS INLINE
    for (unsigned c = 0; c < N; c++) {
        #pragma HLS UNROLL
        res[index * N + c] = token[c];
    }
}

template <unsigned N, class value_T, class word_T>
void write_token(value_T token[N], unsigned, hls::stream<word_T> &res) {
    #pragma HLS INLINE
    word_T word;
    for (unsigned c = 0; c < N; c++) {
        #pragma HLS UNROLL
        word[c] = token[c];
    }
    res.write(word);
}

} // namespace nnet

#endif
