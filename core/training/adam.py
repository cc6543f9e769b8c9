"""Adam update with TensorFlow's fused kernel, on the state of the Keras optimizer."""

from collections.abc import Sequence

import keras
import tensorflow as tf


def apply_adam(
    optimizer: keras.optimizers.Adam, gradients: Sequence[tf.Tensor], variables: Sequence[keras.Variable]
) -> None:
    """Apply gradients like `optimizer.apply(gradients, variables)`, with one fused kernel per variable.

    This is faster because small batches are dominated by the number of operations, and large Dense layers by the passes
    over their kernel.
    """
    step = tf.cast(optimizer.iterations.value + 1, tf.float32)
    beta_1, beta_2 = (tf.constant(beta, tf.float32) for beta in (optimizer.beta_1, optimizer.beta_2))
    powers = tf.pow(beta_1, step), tf.pow(beta_2, step)
    learning_rate = tf.cast(optimizer.learning_rate.value, tf.float32)
    for gradient, variable in zip(gradients, variables, strict=True):
        index = optimizer._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.value.handle,
            m=optimizer._momentums[index].value.handle,
            v=optimizer._velocities[index].value.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=learning_rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(optimizer.epsilon, tf.float32),
            grad=gradient,
        )
    optimizer.iterations.assign_add(1)
