"""Reading a text: where thinking ends, what the answer is, its languages and its loops."""
