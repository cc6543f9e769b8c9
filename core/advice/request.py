"""Request for advice: margin, metric, cost, limits and time budget."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.advice.limits import MAX_BUDGET_SECONDS, Limits

Metric = Literal["accuracy", "balanced_accuracy"]
CostName = Literal["params", "size", "flops", "latency"]
Goal = Literal["smallest", "best"]
MAX_SEEDS = 20


class Request(BaseModel):
    """The question of a race.

    Attributes:
        margin: in percentage points; "within the margin" means that the accuracy is less than this below the best.
        goal: "smallest" for the lowest cost within the margin of the best; "best" for the best accuracy within limits.
        budget_seconds: time from the start; None without a limit.
        seeds: largest number of seeds per finalist.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    margin: float = Field(1.0, ge=0.01, le=50)
    metric: Metric = "accuracy"
    cost: CostName = "params"
    goal: Goal = "smallest"
    limits: Limits = Limits()
    budget_seconds: float | None = Field(None, gt=0, le=MAX_BUDGET_SECONDS)
    seeds: int = Field(5, ge=2, le=MAX_SEEDS)
