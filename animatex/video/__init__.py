"""Files to frames and back."""
