#ifndef NNET_PAD_TIMESTEPS_H_
#define NNET_PAD_TIMESTEPS_H_

#include "nnet_tokens.h"

namespace nnet {

// Zeros around every frame, for the convolutions over streams, which know no padding.
//
// CONFIG_T: timesteps, in_height, in_width, channels, padding; input_t.
template <class CONFIG_T, class data_T, class res_T> void pad_timesteps(data_T &data, res_T &res) {
    static const unsigned channels = CONFIG_T::channels;
    static const unsigned out_height = CONFIG_T::in_height + 2 * CONFIG_T::padding;
    static const unsigned out_width = CONFIG_T::in_width + 2 * CONFIG_T::padding;

Timesteps:
    for (unsigned t = 0; t < CONFIG_T::timesteps; t++) {
    Rows:
        for (unsigned y = 0; y < out_height; y++) {
        Columns:
            for (unsigned x = 0; x < out_width; x++) {
                #pragma HLS PIPELINE
                typename CONFIG_T::input_t pixel[channels];
                const bool inside = y >= CONFIG_T::padding && y < CONFIG_T::padding + CONFIG_T::in_height &&
                                    x >= CONFIG_T::padding && x < CONFIG_T::padding + CONFIG_T::in_width;
                if (inside) {
                    const unsigned row = t * CONFIG_T::in_height + y - CONFIG_T::padding;
                    read_token<channels>(data, row * CONFIG_T::in_width + x - CONFIG_T::padding, pixel);
                } else {
                    for (unsigned k = 0; k < channels; k++) {
                        #pragma HLS UNROLL
                        pixel[k] = 0;
                    }
                }
                write_token<channels>(pixel, (t * out_height + y) * out_width + x, res);
            }
        }
    }
}

} // namespace nnet

#endif
