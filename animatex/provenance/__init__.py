"""Where a file comes from: what it says of itself, and signatures that vouch for it."""
