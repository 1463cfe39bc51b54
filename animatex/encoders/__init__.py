"""Networks that only look; frozen while the UNet trains."""
