#ifndef NNET_STRIDE_TIMESTEPS_H_
#define NNET_STRIDE_TIMESTEPS_H_

#include "nnet_tokens.h"

namespace nnet {

// Every stride-th pixel of every stride-th row, for the convolutions of kernel 1 over streams: hls4ml
// 1.3 strides along the rows of theirs, but takes every row.
//
// CONFIG_T: timesteps, in_height, in_width, channels, stride; input_t.
template <class CONFIG_T, class data_T, class res_T> void stride_timesteps(data_T &data, res_T &res) {
    static const unsigned channels = CONFIG_T::channels;
    static const unsigned out_height = (CONFIG_T::in_height - 1) / CONFIG_T::stride + 1;
    static const unsigned out_width = (CONFIG_T::in_width - 1) / CONFIG_T::stride + 1;

Timesteps:
    for (unsigned t = 0; t < CONFIG_T::timesteps; t++) {
    Rows:
        for (unsigned y = 0; y < CONFIG_T::in_height; y++) {
        Columns:
            for (unsigned x = 0; x < CONFIG_T::in_width; x++) {
                #pragma HLS PIPELINE
                typename CONFIG_T::input_t pixel[channels];
                read_token<channels>(data, (t * CONFIG_T::in_height + y) * CONFIG_T::in_width + x, pixel);
                if (y % CONFIG_T::stride == 0 && x % CONFIG_T::stride == 0) {
                    const unsigned row = t * out_height + y / CONFIG_T::stride;
                    write_token<channels>(pixel, row * out_width + x / CONFIG_T::stride, res);
                }
            }
        }
    }
}

} // namespace nnet

#endif
