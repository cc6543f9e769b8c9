"""Failure reasons: the wording of frameworks, drivers and systems when memory runs out."""

import pytest

from core.jobs.failure_reason import DISK_FULL, OUT_OF_GPU_MEMORY, OUT_OF_MEMORY, recognize_failure

GPU = [
    # TensorFlow
    "ResourceExhaustedError: OOM when allocating tensor with shape[9] and type float on "
    "/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:Conv2D]",
    "Allocator (GPU_1_bfc) ran out of memory trying to allocate 3.37GiB with freed_by_count=0.",
    "InternalError: failed to allocate 2.00GiB (2147483648 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
    "InternalError: Failed copying input tensor from device:CPU:0 to device:GPU:0: Dst tensor is not initialized.",
    "UnknownError: Failed to create cuDNN handle: CUDNN_STATUS_ALLOC_FAILED",
    "NotFoundError: No algorithm worked! Error messages: CUDNN failed to allocate the scratch space for the runner",
    "failed to create cublas handle: CUBLAS_STATUS_ALLOC_FAILED",
    # JAX; the first one from version 0.11.2
    "JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1.00TiB with allocator GPU_0_bfc on "
    "device 0. [executable_name='jit_broadcast_in_dim']",
    "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Failed to allocate request for 2.99GiB (3206250496B) on "
    "device ordinal 0",
    "JaxRuntimeError: INTERNAL: cudaErrorMemoryAllocation: out of memory",
    # PyTorch
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.25 GiB",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 20.00 MiB.",
    "RuntimeError: MPS backend out of memory (MPS allocated: 8.78 GB, other allocations: 512 KB).",
    "RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
    "RuntimeError: CUDA driver error: out of memory",
    "RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
]
MEMORY = [
    "MemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64",
    "ResourceExhaustedError: OOM when allocating tensor with shape[9] on /device:CPU:0 by allocator cpu",
    "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4770354232 bytes.",  # JAX, on any device
    "JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 17179869184 bytes.",
    "RuntimeError: [enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
    "to allocate 8589934592 bytes. Error code 12 (Cannot allocate memory)",
    "RuntimeError: DefaultCPUAllocator: not enough memory: you tried to allocate 8589934592 bytes.",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "OSError: [Errno 12] Cannot allocate memory",
]
OTHER = [
    "InternalError: CUDNN_STATUS_EXECUTION_FAILED",
    "RuntimeError: CUDA error: an illegal memory access was encountered",
    "INTERNAL: CUDA_ERROR_ILLEGAL_ADDRESS",
    "ValueError: Expected images out of memory-mapped arrays.",
]


@pytest.mark.parametrize(("texts", "reason"), [(GPU, OUT_OF_GPU_MEMORY), (MEMORY, OUT_OF_MEMORY), (OTHER, None)])
def test_lack_of_memory_is_recognized(texts: list[str], reason: str | None) -> None:
    assert [text for text in texts if recognize_failure(text) != reason] == []


ON_GPU = {
    # generated kernels of TensorFlow 2.21
    "ResourceExhaustedError: Graph execution error:\n\nfailed to allocate memory\n\t [[{{node r}}]]": OUT_OF_GPU_MEMORY,
    "ResourceExhaustedError: OOM when allocating tensor with shape[9] on /device:CPU:0 by allocator cpu": OUT_OF_MEMORY,
    "MemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,)": OUT_OF_MEMORY,
    "ResourceExhaustedError: /tmp/model.keras; No space left on device": DISK_FULL,
    "ValueError: Expected images.": None,
}


def test_memory_of_an_unnamed_device_is_that_of_the_gpu_that_trains() -> None:
    assert {text: recognize_failure(text, gpu=True) for text in ON_GPU} == ON_GPU
    unnamed = next(iter(ON_GPU))
    assert recognize_failure(unnamed) == OUT_OF_MEMORY
