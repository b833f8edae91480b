"""What a board is, and the flows that turn a generated design into its bitstream."""
