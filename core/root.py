"""Root of a monotonic function. SciPy's finders need scipy.optimize, which takes 20 MB and 0.2 s to import."""

from collections.abc import Callable


def find_root(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Return where a function changes its sign, at most `tolerance` away, by bisection.

    Args:
        function: has different signs at `low` and `high`, in any order.

    >>> round(find_root(lambda x: x**2 - 2, 0.0, 2.0, 1e-9), 6)
    1.414214
    """
    is_negative_below = function(low) < 0
    while high - low > tolerance:
        middle = (low + high) / 2
        if middle in (low, high):  # no number lies between them
            break
        low, high = (middle, high) if (function(middle) < 0) == is_negative_below else (low, middle)
    return (low + high) / 2
