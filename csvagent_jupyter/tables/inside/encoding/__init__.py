"""Bytes to text: which encoding a file is in, and its bytes decoded, with what is wrong told by line."""
