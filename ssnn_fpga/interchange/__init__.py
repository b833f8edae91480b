"""Networks in NIR, the neuromorphic intermediate representation: in, quantised, and out."""
