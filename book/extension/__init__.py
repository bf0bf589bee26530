"""The book's Sphinx extension: one module an idea, each with its own `setup(app)`."""

import importlib
import pkgutil


def setup(app) -> dict:
    """Set up every module of this package that has a `setup`."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, "setup"):
            module.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
