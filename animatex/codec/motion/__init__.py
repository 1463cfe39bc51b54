"""Motion latents: how the reference's own parts and pixels move."""
