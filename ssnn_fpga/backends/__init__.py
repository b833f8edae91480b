"""Other runtimes and compilers that run the same integer network."""
