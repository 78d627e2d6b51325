"""llama.cpp: prefill and decoding of random tokens, measured as llama-bench does: the cache emptied before each test."""

import argparse
import ctypes
import json
import os
import random
import statistics
import sys
import time

import llama_cpp


def decode(context, tokens: list[int]) -> None:
    array = (llama_cpp.llama_token * len(tokens))(*tokens)
    status = llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(array, len(tokens)))
    if status != 0:
        sys.exit(f"llama_decode answers {status}")
    llama_cpp.llama_synchronize(context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()

    # Silence: standard output is the result's alone.
    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(arguments.path.encode(), llama_cpp.llama_model_default_params())
    if not model:
        sys.exit(f"{arguments.path} cannot be loaded")
    options = llama_cpp.llama_context_default_params()
    options.n_ctx = arguments.prefill + arguments.decode + 64
    options.n_batch = options.n_ubatch = max(512, arguments.prefill)
    options.n_threads = options.n_threads_batch = arguments.threads
    context = llama_cpp.llama_init_from_model(model, options)
    memory = llama_cpp.llama_get_memory(context)
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    draw = random.Random(1)

    def words(count: int) -> list[int]:
        return [draw.randrange(3, size) for _ in range(count)]

    prefill, decoding = [], []
    for repetition in range(arguments.repetitions + 1):
        llama_cpp.llama_memory_clear(memory, True)
        tokens = words(arguments.prefill)
        start = time.perf_counter()
        decode(context, tokens)
        seconds = time.perf_counter() - start
        llama_cpp.llama_memory_clear(memory, True)
        decode(context, words(16))
        start = time.perf_counter()
        for token in words(arguments.decode):
            decode(context, [token])
        if repetition > 0:
            prefill.append(arguments.prefill / seconds)
            decoding.append(arguments.decode / (time.perf_counter() - start))
        print(f"{arguments.prefill / seconds:.1f} prefill tokens/s", file=sys.stderr)
    print(
        json.dumps(
            {
                "version": llama_cpp.__version__,
                "bytes": llama_cpp.llama_model_size(model),
                "prefill": {"tokens_per_second": statistics.median(prefill)},
                "decode": {"tokens_per_second": statistics.median(decoding)},
            }
        )
    )


if __name__ == "__main__":
    main()
