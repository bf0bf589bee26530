"""Recipes: named, seeded, deterministic training runs whose results `scratchlm.checkpoints` keeps."""
