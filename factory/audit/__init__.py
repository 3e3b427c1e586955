"""Looking at a run: why rows were kept, whether its verdicts and its teacher hold."""
