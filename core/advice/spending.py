"""Significance levels of repeated looks at growing data."""


def compute_look_level(look: int, looks: int, alpha: float = 0.05) -> float:
    """Return the one-sided significance level of a look such that all looks together have the level `alpha`.

    Args:
        look: number of the look, from 1 to `looks`.
    """
    raise NotImplementedError
