"""One training loop for every network of the project, and what each network adds to it."""
