"""Procedural characters that dance: training data and benchmark with exact ground truth."""
