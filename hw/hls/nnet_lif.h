#ifndef NNET_LIF_H_
#define NNET_LIF_H_

#include "nnet_tokens.h"

namespace nnet {

// Leaky integrate-and-fire neuron over the timesteps of a sample, as docs/arithmetic.md defines it:
//
//   c = c - (c >> filter_shift) + (a << fraction) + bias     c = 0 before the first timestep
//   U = ((V * leak_multiplier) >> leak_shift) + c            V = 0 before the first timestep
//   s = how many l in 1 ... levels have U >= l * theta + strict
//   V = U - s * theta, or 0 where s > 0 (reset_to_zero)
//
// Nothing of a sample is left for the next one: its first timestep does not read the state.
//
// CONFIG_T: timesteps, pixels, channels, levels, strict, reset_to_zero, leak_multiplier, leak_shift,
// fraction, filter_shift; input_t, output_t, theta_t, bias_t, current_t, membrane_t, product_t (of
// V * leak_multiplier), threshold_t (of levels * theta + strict). Each holds all that can occur.
template <class CONFIG_T, class data_T, class res_T>
void lif(data_T &data, res_T &res, typename CONFIG_T::theta_t theta[CONFIG_T::channels],
         typename CONFIG_T::bias_t bias[CONFIG_T::channels]) {
    static const unsigned channels = CONFIG_T::channels;
    typename CONFIG_T::membrane_t membrane[CONFIG_T::pixels * channels];
    #pragma HLS ARRAY_PARTITION variable=membrane cyclic factor=channels
    typename CONFIG_T::current_t current[CONFIG_T::pixels * channels];
    #pragma HLS ARRAY_PARTITION variable=current cyclic factor=channels

Timesteps:
    for (unsigned t = 0; t < CONFIG_T::timesteps; t++) {
    Pixels:
        for (unsigned p = 0; p < CONFIG_T::pixels; p++) {
            #pragma HLS PIPELINE
            typename CONFIG_T::input_t a[channels];
            typename CONFIG_T::output_t spikes[channels];
            read_token<channels>(data, t * CONFIG_T::pixels + p, a);
        Channels:
            for (unsigned k = 0; k < channels; k++) {
                #pragma HLS UNROLL
                const unsigned n = p * channels + k;
                typename CONFIG_T::membrane_t v = 0;
                typename CONFIG_T::current_t c = 0;
                if (t > 0) {
                    v = membrane[n];
                    c = current[n];
                }
                // A shift keeps its operand's width: widen first. Where the bias takes back what the
                // shifted sum has too much, both wrap, and their sum is right again.
                const typename CONFIG_T::current_t shifted = typename CONFIG_T::current_t(a[k]) << CONFIG_T::fraction;
                const typename CONFIG_T::current_t drive = shifted + bias[k];
                // With filter_shift 0 nothing is left of c.
                c = c - (c >> CONFIG_T::filter_shift) + drive;
                const typename CONFIG_T::product_t product = v * typename CONFIG_T::leak_t(CONFIG_T::leak_multiplier);
                const typename CONFIG_T::membrane_t u = (product >> CONFIG_T::leak_shift) + c;
                typename CONFIG_T::threshold_t threshold = CONFIG_T::strict;
                typename CONFIG_T::output_t s = 0;
                v = u;
            Levels:
                for (unsigned l = 1; l <= CONFIG_T::levels; l++) {
                    #pragma HLS UNROLL
                    threshold += theta[k];
                    if (u >= threshold) {
                        s = l;
                        if (CONFIG_T::reset_to_zero)
                            v = 0;
                        else
                            v -= theta[k];
                    }
                }
                spikes[k] = s;
                membrane[n] = v;
                current[n] = c;
            }
            write_token<channels>(spikes, t * CONFIG_T::pixels + p, res);
        }
    }
}

} // namespace nnet

#endif
