"""Families of background scenes, one painter each."""
