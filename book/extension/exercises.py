"""Exercises may state their points, which the editions for graders use: `:points: 2`."""

from docutils.parsers.rst import directives
from sphinx_exercise.directive import ExerciseDirective


class Exercise(ExerciseDirective):
    """The directive of sphinx-exercise, with points."""

    option_spec = {**ExerciseDirective.option_spec, "points": directives.unchanged_required}  # noqa: RUF012


def setup(app) -> None:
    app.add_directive("exercise", Exercise, override=True)
