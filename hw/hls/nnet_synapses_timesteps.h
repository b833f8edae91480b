#ifndef NNET_SYNAPSES_TIMESTEPS_H_
#define NNET_SYNAPSES_TIMESTEPS_H_

#include "hls_stream.h"
#include "nnet_conv2d.h"
#include "nnet_conv2d_stream.h"
#include "nnet_dense.h"
#include "nnet_dense_stream.h"

namespace nnet {

// hls4ml's own convolution and dense layer, a frame at a time. CONFIG_T is hls4ml's configuration of
// one frame, T the number of timesteps.

template <class T, unsigned N> void copy_frame(T *from, unsigned start, T to[N]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < N; i++) {
        #pragma HLS UNROLL
        to[i] = from[start + i];
    }
}

template <class T, unsigned N> void store_frame(T from[N], T *to, unsigned start) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < N; i++) {
        #pragma HLS UNROLL
        to[start + i] = from[i];
    }
}

template <unsigned T, class data_T, class res_T, class CONFIG_T>
void conv_2d_timesteps(data_T *data, res_T *res,
                       typename CONFIG_T::weight_t weights[CONFIG_T::kernel_size * CONFIG_T::n_chan * CONFIG_T::n_filt],
                       typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
    static const unsigned n_in = CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan;
    static const unsigned n_out = CONFIG_T::out_height * CONFIG_T::out_width * CONFIG_T::n_filt;
    data_T frame[n_in];
    #pragma HLS ARRAY_PARTITION variable=frame complete
    res_T sums[n_out];
    #pragma HLS ARRAY_PARTITION variable=sums complete

Timesteps:
    for (unsigned t = 0; t < T; t++) {
        copy_frame<data_T, n_in>(data, t * n_in, frame);
        conv_2d_cl<data_T, res_T, CONFIG_T>(frame, sums, weights, biases);
        store_frame<res_T, n_out>(sums, res, t * n_out);
    }
}

template <unsigned T, class data_T, class res_T, class CONFIG_T>
void conv_2d_timesteps(hls::stream<data_T> &data, hls::stream<res_T> &res,
                       typename CONFIG_T::weight_t weights[CONFIG_T::kernel_size * CONFIG_T::n_chan * CONFIG_T::n_filt],
                       typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
Timesteps:
    for (unsigned t = 0; t < T; t++) {
        conv_2d_cl<data_T, res_T, CONFIG_T>(data, res, weights, biases);
    }
}

template <unsigned T, class data_T, class res_T, class CONFIG_T>
void dense_timesteps(data_T *data, res_T *res, typename CONFIG_T::weight_t weights[CONFIG_T::n_in * CONFIG_T::n_out],
                     typename CONFIG_T::bias_t biases[CONFIG_T::n_out]) {
    data_T frame[CONFIG_T::n_in];
    #pragma HLS ARRAY_PARTITION variable=frame complete
    res_T sums[CONFIG_T::n_out];
    #pragma HLS ARRAY_PARTITION variable=sums complete

Timesteps:
    for (unsigned t = 0; t < T; t++) {
        copy_frame<data_T, CONFIG_T::n_in>(data, t * CONFIG_T::n_in, frame);
        dense<data_T, res_T, CONFIG_T>(frame, sums, weights, biases);
        store_frame<res_T, CONFIG_T::n_out>(sums, res, t * CONFIG_T::n_out);
    }
}

template <unsigned T, class data_T, class res_T, class CONFIG_T>
void dense_timesteps(hls::stream<data_T> &data, hls::stream<res_T> &res,
                     typename CONFIG_T::weight_t weights[CONFIG_T::n_in * CONFIG_T::n_out],
                     typename CONFIG_T::bias_t biases[CONFIG_T::n_out]) {
Timesteps:
    for (unsigned t = 0; t < T; t++) {
        dense<data_T, res_T, CONFIG_T>(data, res, weights, biases);
    }
}

} // namespace nnet

#endif
