#ifndef NNET_JOIN_H_
#define NNET_JOIN_H_

#include "nnet_tokens.h"

namespace nnet {

// Sum of two activations of one shape. CONFIG_T: timesteps, pixels, channels; input_t, other_t, output_t.
template <class CONFIG_T, class data_T, class other_T, class res_T>
void join_activations(data_T &data, other_T &other, res_T &res) {
    static const unsigned channels = CONFIG_T::channels;

Tokens:
    for (unsigned n = 0; n < CONFIG_T::timesteps * CONFIG_T::pixels; n++) {
        #pragma HLS PIPELINE
        typename CONFIG_T::input_t x1[channels];
        typename CONFIG_T::other_t x2[channels];
        typename CONFIG_T::output_t y[channels];
        read_token<channels>(data, n, x1);
        read_token<channels>(other, n, x2);
        for (unsigned k = 0; k < channels; k++) {
            #pragma HLS UNROLL
            y[k] = x1[k] + x2[k];
        }
        write_token<channels>(y, n, res);
    }
}

// Sum of two accumulators on the membrane's grid: (a1 << fraction) + gain * a2.
//
// CONFIG_T: timesteps, pixels, channels, fraction; input_t, other_t, output_t, gain_t.
template <class CONFIG_T, class data_T, class other_T, class res_T>
void join_currents(data_T &data, other_T &other, res_T &res, typename CONFIG_T::gain_t gain[CONFIG_T::channels]) {
    static const unsigned channels = CONFIG_T::channels;

Tokens:
    for (unsigned n = 0; n < CONFIG_T::timesteps * CONFIG_T::pixels; n++) {
        #pragma HLS PIPELINE
        typename CONFIG_T::input_t a1[channels];
        typename CONFIG_T::other_t a2[channels];
        typename CONFIG_T::output_t a[channels];
        read_token<channels>(data, n, a1);
        read_token<channels>(other, n, a2);
        for (unsigned k = 0; k < channels; k++) {
            #pragma HLS UNROLL
            // A shift keeps its operand's width: widen first. Terms may wrap, their sum is right again.
            const typename CONFIG_T::output_t shifted = typename CONFIG_T::output_t(a1[k]) << CONFIG_T::fraction;
            a[k] = shifted + gain[k] * a2[k];
        }
        write_token<channels>(a, n, res);
    }
}

} // namespace nnet

#endif
