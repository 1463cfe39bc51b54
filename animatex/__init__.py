"""Animate any character: one reference image and one driving video in, one new video out."""

__version__ = "0.1.0"
