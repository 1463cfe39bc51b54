"""Frames to poses, poses to other poses, poses to pictures of poses."""
