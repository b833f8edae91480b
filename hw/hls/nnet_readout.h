#ifndef NNET_READOUT_H_
#define NNET_READOUT_H_

#include "nnet_tokens.h"

namespace nnet {

// Logits: (sum over t of a[t] << fraction) + bias, where the bias is that of all timesteps together.
//
// CONFIG_T: timesteps, channels, fraction; input_t, output_t, bias_t.
template <class CONFIG_T, class data_T, class res_T>
void readout(data_T &data, res_T &res, typename CONFIG_T::bias_t bias[CONFIG_T::channels]) {
    static const unsigned channels = CONFIG_T::channels;
    typename CONFIG_T::output_t logits[channels];
    #pragma HLS ARRAY_PARTITION variable=logits complete

Timesteps:
    for (unsigned t = 0; t < CONFIG_T::timesteps; t++) {
        #pragma HLS PIPELINE
        typename CONFIG_T::input_t a[channels];
        read_token<channels>(data, t, a);
        for (unsigned k = 0; k < channels; k++) {
            #pragma HLS UNROLL
            const typename CONFIG_T::output_t before = t == 0 ? typename CONFIG_T::output_t(0) : logits[k];
            logits[k] = before + a[k];
        }
    }
    for (unsigned k = 0; k < channels; k++) {
        #pragma HLS UNROLL
        logits[k] = (logits[k] << CONFIG_T::fraction) + bias[k];
    }
    write_token<channels>(logits, 0, res);
}

// Early exit: the early logits where the largest leads the second largest by `margin` or more, else
// the later ones. CONFIG_T: channels, margin; input_t, other_t, output_t, lead_t.
template <class CONFIG_T, class data_T, class other_T, class res_T>
void early_exit(data_T &early, other_T &later, res_T &res) {
    static const unsigned channels = CONFIG_T::channels;
    typename CONFIG_T::input_t sure[channels];
    typename CONFIG_T::other_t unsure[channels];
    typename CONFIG_T::output_t logits[channels];
    read_token<channels>(early, 0, sure);
    read_token<channels>(later, 0, unsure);
    typename CONFIG_T::input_t first = sure[0] > sure[1] ? sure[0] : sure[1];
    typename CONFIG_T::input_t second = sure[0] > sure[1] ? sure[1] : sure[0];
    for (unsigned k = 2; k < channels; k++) {
        if (sure[k] > first) {
            second = first;
            first = sure[k];
        } else if (sure[k] > second) {
            second = sure[k];
        }
    }
    const typename CONFIG_T::lead_t lead = typename CONFIG_T::lead_t(first) - second;
    for (unsigned k = 0; k < channels; k++) {
        #pragma HLS UNROLL
        if (lead >= CONFIG_T::margin)
            logits[k] = sure[k];
        else
            logits[k] = unsure[k];
    }
    write_token<channels>(logits, 0, res);
}

} // namespace nnet

#endif
