"""The mathematics of diffusion; knows tensors, not videos or people."""
