"""What the generators of the directories beside this one share: further numbers of these checkpoints and prompts."""

import numpy as np
from safetensors.numpy import save_file

import checkpoint
import configurations
import generate

CASES = {"mha-crop": "one_image", "gqa-pad": "one_image", "features": "three_images", "grid24": "one_image"}


def load(name, prompt_name):
    """Model, processor and prompt of a checkpoint."""
    model, processor = generate.load(generate.HERE / name)
    return model, processor, generate.Prompt(prompt_name, *configurations.ALL[name]().prompts[prompt_name], processor)


def write_all(directory, expect):
    """Writes what `expect(name, prompt_name, arrays)` returns and what it adds to `arrays`, for every case."""
    generate.begin()
    for name, prompt_name in CASES.items():
        arrays = {}
        checkpoint.write_json(directory / f"{name}.json", expect(name, prompt_name, arrays))
        plain = {key: np.ascontiguousarray(value.detach().float().numpy()) for key, value in arrays.items()}
        save_file(plain, directory / f"{name}.safetensors")
        (directory / f"{name}.safetensors").chmod(0o644)
        print(f"{name}: {(directory / f'{name}.safetensors').stat().st_size // 1024} KiB")
