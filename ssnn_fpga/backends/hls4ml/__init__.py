"""The integer network as an hls4ml project: neurons, transformers and time for hls4ml 1.3.

hls4ml knows neither, so this package registers them as an extension of it (``extension``), hands
it the network as its own front ends do (``front_end``) and runs what it writes (``engine``).
"""
