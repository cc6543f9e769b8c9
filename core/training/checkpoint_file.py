"""Checkpoint files, which may be damaged or come from an imported bundle."""

from pathlib import Path

import keras


def load_checkpoint(path: Path, params: int | None = None) -> keras.Model | None:
    """Load a model with its optimizer state. If that fails, print the reason and return None.

    Args:
        path: a file that may be from an imported bundle.
        params: the expected number of parameters.
    """
    try:
        model = keras.saving.load_model(path, safe_mode=True)
        if not isinstance(model, keras.Model) or model.optimizer is None:
            raise ValueError("it has another type, or no optimizer state")
        if params not in (None, model.count_params()):
            raise ValueError(f"it has {model.count_params():,} parameters instead of {params:,}")
    except Exception as error:  # Keras raises many types for a damaged or hostile file
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        print(f"Cannot continue from {path.name} of {path.parent.name}: {reason:.200}", flush=True)
        return None
    return model
