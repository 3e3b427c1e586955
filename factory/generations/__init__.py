"""Anybody's generations: read from any table, measured, judged and filtered without a run"""
