"""Check that there are enough test images for a useful confidence interval."""

from core.analysis.check import Result, check
from core.datasets.findings.class_findings import FEW_TEST_IMAGES, describe_test_images
from core.store.comparison import Comparison


@check(code="H22", title="Few test images", severity="warning", findings=("few_test_images",))
def few_test_images(comparison: Comparison) -> Result:
    """**Check:** with this number of test images, an accuracy of 90% has a 95% confidence interval (Wilson score
    interval) of at most ± 5 percentage points.

    **Why it matters:** the interval of an accuracy depends on the number of test images. More seeds do not make it
    narrower than this.

    **What to do:** add test images, or read only large differences.
    """
    count = comparison.first.record.data.test_images
    text = f"{describe_test_images(count)}."
    return Result("failed" if count < FEW_TEST_IMAGES else "passed", text)
