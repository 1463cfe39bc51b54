"""Explicit Pose Indicator: training sees motion from bodies unlike the reference's."""
