"""Measures the budgets of the design as ratios in one run and writes docs/benchmarks.md."""
