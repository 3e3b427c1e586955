"""Other forms of a version's data, each in a folder of its own: configs of one repository."""
