"""The student: rows rendered and trained on, and models examined."""
