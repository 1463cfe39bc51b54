"""The border to files of weights: others' and ours."""
