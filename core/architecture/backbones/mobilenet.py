"""MobileNet without its top layers (Howard et al. 2017), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.layers import BatchNormalization, Conv, DepthwiseConv, Layer, ReLU, Rescaling
from core.architecture.spatial import ZeroPadding
from core.spec import RunSpec

# filters and stride of each depthwise-separable block
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))


@backbone(
    label="MobileNet (ImageNet)",
    order=4,
    weights=PretrainedWeights(
        "mobilenet_1_0_224_tf_no_top.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/",
    ),
)
def mobilenet(spec: RunSpec) -> list[Layer]:
    """A convolution and thirteen depthwise-separable blocks, pretrained on ImageNet; frozen or fine-tuned."""
    layers: list[Layer] = [Rescaling(2.0, -1.0, name="preprocessing"), *_convolve("conv1", 32, 3, 2)]
    for number, (filters, stride) in enumerate(_BLOCKS, 1):
        if stride > 1:
            layers.append(ZeroPadding(name=f"conv_pad_{number}"))
        name = f"conv_dw_{number}"
        layers += [DepthwiseConv(3, "same" if stride == 1 else "valid", stride, name=name), *_normalize(name)]
        layers += _convolve(f"conv_pw_{number}", filters, 1, 1)
    return layers


def _convolve(name: str, filters: int, kernel_size: int, strides: int) -> list[Layer]:
    convolution = Conv(filters, kernel_size, "same", "linear", strides, use_bias=False, name=name)
    return [convolution, *_normalize(name)]


def _normalize(name: str) -> list[Layer]:
    return [BatchNormalization(name=f"{name}_bn"), ReLU(6.0, name=f"{name}_relu")]
