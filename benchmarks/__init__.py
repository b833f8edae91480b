"""Every figure that the project states, each from a command that anyone can repeat."""
