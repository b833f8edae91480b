"""The designs that one network allows on one board, and which of them are worth building."""
