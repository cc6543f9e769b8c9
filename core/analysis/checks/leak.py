"""Check that no test images are among the training images."""

from core.analysis.check import MAX_NAMES, Result, check
from core.analysis.leakage import Leakage, compute_accuracy_without, is_severe, read_leakage
from core.datasets.findings.image_findings import describe_bias
from core.store.comparison import Comparison


@check(
    code="H18",
    title="Test images among the training images",
    severity="serious",
    findings=("leaked_test_images", "near_leaked_test_images"),
)
def leak(comparison: Comparison) -> Result:
    """**Check:** fewer than 0.1% of the test images have a copy with the same pixels among the training and validation
    images, and fewer than 1% show nearly the same picture.

    **Why it matters:** a head can memorize a training image. Its accuracy on a copy of this image does not show how it
    predicts new images, and the head that memorizes most looks best.

    **What to do:** remove the copies and train again; Headroom keeps duplicates in one split when it draws the split of
    added images. Until then, read the accuracy without the leaked images.
    """
    leakage = read_leakage(comparison)
    if isinstance(leakage, str):
        return Result("not applicable", leakage)
    exact, near, total = int(leakage.exact.sum()), int(leakage.near.sum()), len(leakage.exact)
    parts = [f"{exact:,} of {total:,} test images are also among the training images"] if exact else []
    if near:
        parts.append(f"{near:,} of {total:,} test images are nearly the same picture as a training image")
    if not parts:
        return Result("passed", "No test image is among the training images.")
    found, effect = ", and ".join(parts), describe_bias(exact + near, total) + _describe_accuracy(comparison, leakage)
    if is_severe(exact, near, total):
        return Result("failed", f"{found}: {effect}")
    return Result("passed", f"Fewer than 1% of the test images are affected ({found}): {effect}")


def _describe_accuracy(comparison: Comparison, leakage: Leakage) -> str:
    leaked = leakage.exact | leakage.near
    if leaked.all():
        return ""
    pairs = [(variant.label, *compute_accuracy_without(variant, leaked)) for variant in comparison.variants]
    pairs.sort(key=lambda pair: pair[2] - pair[1])
    listed = ", ".join(
        f"{label} {without:.1%} instead of {with_all:.1%}" for label, with_all, without in pairs[:MAX_NAMES]
    )
    more = f" (the largest changes of {len(pairs)} variants)" if len(pairs) > MAX_NAMES else ""
    return f" Test accuracy without these images: {listed}{more}."
