"""`python -m factory.cli`: the command, for those who have no script on their path."""

from factory.cli import main

main()
