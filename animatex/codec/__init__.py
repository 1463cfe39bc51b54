"""Frames to latents and back; sampling knows nothing else of pictures."""
