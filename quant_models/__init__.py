"""Learning: recipes, low-bit shrinking-timestep networks, training and the QONNX export."""

import os
import warnings

# Two threads that spin while they wait for each other stand still as soon as another program wants
# a core: an epoch of a second took most of a minute. OpenMP reads this when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Brevitas tells everyone who imports it of an optional CUDA kernel.
warnings.filterwarnings("ignore", message="fast_hadamard_transform")
