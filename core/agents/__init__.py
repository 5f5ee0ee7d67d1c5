"""Whoever decides: learned policies, classical baselines, and how policies are stored."""
