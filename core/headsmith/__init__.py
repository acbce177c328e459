"""Headsmith: one photo of a person becomes a photoreal, animatable head."""

__version__ = "0.1.0"
