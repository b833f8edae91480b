"""The reference engine: runs an integer network with every intermediate value observable."""
