"""Decides how a network becomes hardware: folds, cycles, resources, stream formats."""
