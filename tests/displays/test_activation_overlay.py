"""Description of the strongest region of an activation map."""

import numpy as np

from core.displays.activation_overlay import describe_shares


def test_strongest_region_is_described() -> None:
    shares = np.zeros((5, 5), np.float32)
    shares[4, 0], shares[2, 2] = 1, -0.5
    assert describe_shares(shares, "a") == (
        'strongest evidence for "a" at the bottom left (100%), against it at the center (50%)'
    )
