"""What happens to a file in the process that reads it: bytes, text, rows, cells, columns, and what is known of them."""
