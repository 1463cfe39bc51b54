"""Quality in numbers: suites of characters, results on disk, and what is said about them."""
