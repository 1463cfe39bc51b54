"""The 3D-UNet of Animate-X; one box of the paper's figure per file."""
