#ifndef NNET_TEMPORAL_TRANSFORM_H_
#define NNET_TEMPORAL_TRANSFORM_H_

#include "nnet_tokens.h"

namespace nnet {

// Temporal transformer: `timesteps` frames in, `out_timesteps` frames on, value by value
//
//   y[t2] = (((sum over t1 of matrix[t2][t1] * x[t1]) << fraction) + half) >> shift
//
// with half = 2^(shift - 1), and 0 for shift 0.
//
// CONFIG_T: timesteps, out_timesteps, pixels, channels, shift, fraction; input_t, output_t, matrix_t,
// sum_t (of the sum), scaled_t (of what is shifted right).
template <class CONFIG_T, class data_T, class res_T>
void temporal_transform(data_T &data, res_T &res,
                        typename CONFIG_T::matrix_t matrix[CONFIG_T::out_timesteps * CONFIG_T::timesteps]) {
    static const unsigned channels = CONFIG_T::channels;
    typename CONFIG_T::sum_t sums[CONFIG_T::out_timesteps * CONFIG_T::pixels * channels];
    #pragma HLS ARRAY_PARTITION variable=sums cyclic factor=channels

TimestepsIn:
    for (unsigned t1 = 0; t1 < CONFIG_T::timesteps; t1++) {
    PixelsIn:
        for (unsigned p = 0; p < CONFIG_T::pixels; p++) {
            #pragma HLS PIPELINE
            typename CONFIG_T::input_t x[channels];
            read_token<channels>(data, t1 * CONFIG_T::pixels + p, x);
            for (unsigned t2 = 0; t2 < CONFIG_T::out_timesteps; t2++) {
                for (unsigned k = 0; k < channels; k++) {
                    #pragma HLS UNROLL
                    const unsigned n = (t2 * CONFIG_T::pixels + p) * channels + k;
                    const typename CONFIG_T::sum_t before = t1 == 0 ? typename CONFIG_T::sum_t(0) : sums[n];
                    sums[n] = before + matrix[t2 * CONFIG_T::timesteps + t1] * x[k];
                }
            }
        }
    }

TimestepsOut:
    for (unsigned t2 = 0; t2 < CONFIG_T::out_timesteps; t2++) {
    PixelsOut:
        for (unsigned p = 0; p < CONFIG_T::pixels; p++) {
            #pragma HLS PIPELINE
            typename CONFIG_T::output_t y[channels];
            for (unsigned k = 0; k < channels; k++) {
                #pragma HLS UNROLL
                typename CONFIG_T::scaled_t scaled = sums[(t2 * CONFIG_T::pixels + p) * channels + k];
                scaled = scaled << CONFIG_T::fraction;
                scaled += (1 << CONFIG_T::shift) >> 1;
                y[k] = scaled >> CONFIG_T::shift;
            }
            write_token<channels>(y, t2 * CONFIG_T::pixels + p, res);
        }
    }
}

} // namespace nnet

#endif
