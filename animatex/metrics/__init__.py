"""Metrics as pure functions on frames and features; feature networks are arguments."""
