"""Checks of the exercises of the chapter `weather`."""

from math import isclose

RAIN_AFTER = {"s": 5 / 18, "r": 5 / 9}  # counted


def weather_two_days(answer) -> str | None:
    """The probability of rain in two days, when it rains today."""
    if not isinstance(answer, float):
        return f"A probability is a float between 0 and 1, not {answer!r}."
    after_rain = RAIN_AFTER["r"]
    if isclose(answer, after_rain**2):
        return "That is rain on both days; add the way through a sunny tomorrow."
    if isclose(answer, after_rain):
        return "That is the probability for tomorrow; go one day further."
    expected = after_rain * after_rain + (1 - after_rain) * RAIN_AFTER["s"]
    if not isclose(answer, expected):
        return "Multiply along both ways through tomorrow, and add them."
    return None
