"""Commands that measure: `python -m benchmarks.embedded_model`, `python -m benchmarks.embedded_speed`."""
