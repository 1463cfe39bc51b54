"""Everything the network is told besides the noisy latents, in one value."""
