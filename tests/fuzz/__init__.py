"""Reads files that were damaged at random, by hand: ``make fuzz SECONDS=3600``; what it finds becomes a test."""
