"""What is known of each column: exactly, or in bounded memory where a table is long."""
