"""Automatic checks of the exercises: `check(exercise_id, answer)` answers with one sentence.

The checks of a chapter live in the module named after it, one function an exercise:
exercise `names-parameters` is `names_parameters` in `scratchlm.checks.names`. Such a function
returns `None` when the answer is right and otherwise one sentence that says what is wrong.
"""

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What a check found: true when the answer is right; its text is one sentence."""

    passed: bool
    sentence: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return ("✓ " if self.passed else "✗ ") + self.sentence


def find(exercise_id: str):
    """Return the check function of `exercise_id`; ValueError, in one sentence, if there is none."""
    name = str(exercise_id).replace("-", "_")
    for module in pkgutil.iter_modules(__path__):
        if name.startswith(module.name + "_"):
            function = getattr(importlib.import_module(f"{__name__}.{module.name}"), name, None)
            if function is not None:
                return function
    raise ValueError(f"There is no exercise {exercise_id!r}; copy its id from the exercise's text.")


def check(exercise_id: str, *answer) -> Verdict:
    """Check an answer to an exercise and say in one sentence whether it is right.

    An answer of the wrong type, or a function that fails when it is called, is a wrong answer
    with a sentence, not a traceback. Raises ValueError for an unknown exercise.
    """
    function = find(exercise_id)
    if any(part is ... or part is None for part in answer) or not answer:
        return Verdict(
            False, "There is no answer yet: replace the ... with yours and run it again."
        )
    try:
        problem = function(*answer)
    except Exception as error:
        problem = f"Checking your answer stopped with {type(error).__name__}: {error}"
    return Verdict(True, "Correct.") if problem is None else Verdict(False, problem)
