"""Files that are not held in memory: blocks, the passes over them, samples, and the columnar copy."""
