"""A job in the form of core.training whose predictions are made up: the head sets its accuracy."""

SCORED = __name__
ACCURACY = {"gap": 0.55, "gap_dense": 0.96, "dense": 0.965}
EPOCH_SECONDS = 0.02
