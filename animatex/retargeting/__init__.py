"""A network that says how another body does a performer's motion."""
