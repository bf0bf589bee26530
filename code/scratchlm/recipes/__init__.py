"""Recipes: seeded, deterministic training runs, whose results `scratchlm.checkpoints` keeps."""
