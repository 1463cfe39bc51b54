"""Networks whose features the published distances compare; named as their weights files name them."""
