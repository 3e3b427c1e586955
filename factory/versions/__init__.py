"""Dataset versions: measured, judged, chosen, written."""
