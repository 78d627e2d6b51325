"""A GGUF file of random weights in the shape of a Llama decoder."""

import argparse
from pathlib import Path

import gguf
import numpy as np
from shapes import DECODERS, Decoder

FORMATS = {
    "bf16": gguf.GGMLQuantizationType.BF16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
}


def write(path: Path, shape: Decoder, format: str) -> None:
    """Writes the file whole or not at all."""
    kind = FORMATS[format]
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(str(partial), "llama", use_temp_file=True)
    writer.add_context_length(4096)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_value_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("llama")
    pieces = ["<unk>", "<s>", "</s>"] + [f"▁w{i}" for i in range(3, shape.vocabulary)]
    writer.add_token_list(pieces)
    writer.add_token_scores([-float(i) for i in range(shape.vocabulary)])
    writer.add_token_types([2, 3, 3] + [1] * (shape.vocabulary - 3))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)

    random = np.random.default_rng(1)

    def matrix(name: str, outputs: int, inputs: int) -> None:
        # As wide as Fovea's: an even draw of variance 1 / inputs.
        values = random.uniform(-1, 1, (outputs, inputs)).astype(np.float32) * np.float32((3 / inputs) ** 0.5)
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    def norm(name: str) -> None:
        writer.add_tensor(name, random.uniform(0.9, 1.1, shape.hidden).astype(np.float32))

    cache = shape.key_value_heads * shape.head_dim
    matrix("token_embd.weight", shape.vocabulary, shape.hidden)
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm.weight")
        matrix(f"{block}.attn_q.weight", shape.hidden, shape.hidden)
        matrix(f"{block}.attn_k.weight", cache, shape.hidden)
        matrix(f"{block}.attn_v.weight", cache, shape.hidden)
        matrix(f"{block}.attn_output.weight", shape.hidden, shape.hidden)
        norm(f"{block}.ffn_norm.weight")
        matrix(f"{block}.ffn_gate.weight", shape.inner, shape.hidden)
        matrix(f"{block}.ffn_up.weight", shape.inner, shape.hidden)
        matrix(f"{block}.ffn_down.weight", shape.hidden, shape.inner)
    norm("output_norm.weight")
    matrix("output.weight", shape.vocabulary, shape.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.rename(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=DECODERS, default="llama-1b")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    write(arguments.path, DECODERS[arguments.shape], arguments.format)
