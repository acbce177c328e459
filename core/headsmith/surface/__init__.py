"""Clip-A: cameras from structure from motion, a surface from the pictures, and the head registered to it."""
