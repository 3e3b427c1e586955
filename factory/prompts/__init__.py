"""Rows of files, generators and Hub datasets become prompts."""
