"""Text to rows: how a text is laid out, and its rows, with every repair counted."""
