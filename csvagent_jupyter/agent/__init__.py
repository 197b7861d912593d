"""What happens to a question: profile, generate, execute, check, repair."""
