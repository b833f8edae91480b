#ifndef NNET_POOL_TIMESTEPS_H_
#define NNET_POOL_TIMESTEPS_H_

#include "nnet_tokens.h"

namespace nnet {

// Sum or maximum over windows of size x size pixels of every frame, stride = size. Rows and columns
// that do not fill a window are read and dropped. One row of windows is kept.
//
// CONFIG_T: timesteps, in_height, in_width, channels, size, is_sum; input_t, output_t.
template <class CONFIG_T, class data_T, class res_T> void pool_timesteps(data_T &data, res_T &res) {
    static const unsigned channels = CONFIG_T::channels;
    static const unsigned out_height = CONFIG_T::in_height / CONFIG_T::size;
    static const unsigned out_width = CONFIG_T::in_width / CONFIG_T::size;
    typename CONFIG_T::output_t windows[out_width][channels];
    #pragma HLS ARRAY_PARTITION variable=windows complete dim=2

Timesteps:
    for (unsigned t = 0; t < CONFIG_T::timesteps; t++) {
    Rows:
        for (unsigned y = 0; y < CONFIG_T::in_height; y++) {
        Columns:
            for (unsigned x = 0; x < CONFIG_T::in_width; x++) {
                #pragma HLS PIPELINE
                typename CONFIG_T::input_t pixel[channels];
                read_token<channels>(data, (t * CONFIG_T::in_height + y) * CONFIG_T::in_width + x, pixel);
                const unsigned row = y / CONFIG_T::size, column = x / CONFIG_T::size;
                if (row < out_height && column < out_width) {
                    const bool first = y % CONFIG_T::size == 0 && x % CONFIG_T::size == 0;
                    const bool last = y % CONFIG_T::size == CONFIG_T::size - 1 && x % CONFIG_T::size == CONFIG_T::size - 1;
                    for (unsigned k = 0; k < channels; k++) {
                        #pragma HLS UNROLL
                        const typename CONFIG_T::output_t before =
                            first ? typename CONFIG_T::output_t(0) : windows[column][k];
                        const typename CONFIG_T::output_t value = pixel[k];
                        if (CONFIG_T::is_sum)
                            windows[column][k] = before + value;
                        else
                            windows[column][k] = value > before ? value : before;
                    }
                    if (last)
                        write_token<channels>(windows[column], (t * out_height + row) * out_width + column, res);
                }
            }
        }
    }
}

} // namespace nnet

#endif
