#!/usr/bin/env python3
"""Runs Fovea's benchmark and its peers' by turns, keeps each row, and writes the tables of docs/performance.md."""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import tables

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DOCUMENT = ROOT / "docs" / "performance.md"


class Row:
    """One process to run: its name, its command, and what must be there first."""

    def __init__(self, name: str, command: list, prepare: list | None = None, made: Path | None = None):
        self.name, self.command, self.prepare, self.made = name, [str(word) for word in command], prepare, made


def rows(arguments, work: Path) -> list[Row]:
    """Every row, in the order in which it is run: what is compared stands side by side."""
    fovea, python = arguments.fovea, sys.executable
    threads = ["--threads", arguments.threads]
    repetitions = ["--repetitions", 1 if arguments.quick else 5]
    shape = "tiny" if arguments.smoke else "llama-1b"
    large = "tiny" if arguments.smoke else "llava-1.5-7b"
    vision = "tiny" if arguments.smoke else "clip-l-336"

    def own(name: str, *options) -> Row:
        return Row(name, [fovea, "bench", *options, *threads, "--json"])

    def decoder(format: str, *options) -> Row:
        return own(f"fovea-llama-1b-{format}", "--shape", shape, "--weights", format, *repetitions, *options)

    def llama_cpp(format: str) -> Row:
        file = work / f"{shape}-{format}.gguf"
        make = [python, HERE / "gguf_file.py", "--shape", shape, "--format", format, file]
        run = [python, HERE / "peer_llama_cpp.py", file, *threads, *repetitions]
        return Row(f"llama-cpp-{format}", run, make, file)

    def transformers(what: str) -> Row:
        run = [python, HERE / "peer_transformers.py", what, "--shape", shape, *threads, *repetitions]
        return Row(f"transformers-{what}", run)

    def converted(format: str) -> Row:
        place = work / f"{large}-{format}"
        make = [fovea, "convert", "--shape", large, "--weights", format, "--out", place, *threads]
        run = [fovea, "bench", "--model", place, "--probe", "--rows", "1,8", "--decode", 16, "--repetitions", 1]
        return Row(f"fovea-llava-7b-{format}", [*run, *threads, "--json"], make, place)

    return [
        decoder("bf16", "--probe"),
        llama_cpp("bf16"),
        transformers("sdpa"),
        transformers("eager"),
        transformers("capture"),
        transformers("sweep"),
        decoder("int8"),
        llama_cpp("q8_0"),
        decoder("int4"),
        llama_cpp("q4_0"),
        own("fovea-clip-bf16", "--shape", vision, "--weights", "bf16", *repetitions),
        transformers("clip"),
        converted("int8"),
        converted("int4"),
    ]


def measure(row: Row, path: Path, environment: dict) -> None:
    """Runs a row and keeps what it prints, whole or not at all."""
    if row.prepare and not row.made.exists():
        say(f"  making {row.made.name}")
        subprocess.run([str(word) for word in row.prepare], check=True, env=environment, stdout=subprocess.DEVNULL)
    start = time.monotonic()
    done = subprocess.run(row.command, stdout=subprocess.PIPE, text=True, env=environment, timeout=3600)
    if done.returncode != 0:
        raise RuntimeError(f"ended with status {done.returncode}")
    record = {
        "row": row.name,
        "command": shown(row.command, path.parent),
        "seconds": round(time.monotonic() - start, 1),
        "load": os.getloadavg()[0],
        "result": json.loads(done.stdout),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1))
    partial.rename(path)
    say(f"  {record['seconds']} s")


def shown(command: list[str], work: Path) -> str:
    """The command as a reader would type it in the repository."""
    command = [word.replace(str(work), ".build/benchmarks") for word in command]
    words = [Path(word).name if word in (sys.executable, command[0]) else word for word in command]
    return shlex.join(word.replace(f"{ROOT}/", "") for word in words)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fovea", default=str(ROOT / ".build" / "release" / "fovea"), help="the program to measure")
    parser.add_argument("--work", type=Path, default=ROOT / ".build" / "benchmarks", help="where rows and models are kept")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="one repetition of everything")
    parser.add_argument("--smoke", action="store_true", help="tiny shapes, to try the scripts; writes no document")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured")
    parser.add_argument("--only", default="", help="names of rows, separated by commas")
    parser.add_argument("--table", action="store_true", help="measure nothing; write the tables of what is there")
    arguments = parser.parse_args()

    work = arguments.work / "smoke" if arguments.smoke else arguments.work
    work.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in arguments.only.split(",") if name]
    plan = rows(arguments, work)
    unknown = set(wanted) - {row.name for row in plan}
    if unknown:
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(row.name for row in plan)}")
    environment = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads), TOKENIZERS_PARALLELISM="false")
    failed = []
    for number, row in enumerate(plan, 1):
        path = work / f"{row.name}.json"
        if arguments.table or (wanted and row.name not in wanted):
            continue
        if path.exists() and not arguments.fresh:
            say(f"[{number}/{len(plan)}] {row.name}: measured already")
            continue
        say(f"[{number}/{len(plan)}] {row.name}")
        try:
            measure(row, path, environment)
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            say(f"  FAILED: {error}")
            failed.append(row.name)

    records = {row.name: json.loads((work / f"{row.name}.json").read_text()) for row in plan
               if (work / f"{row.name}.json").exists()}
    text = tables.render(records, arguments.threads)
    if arguments.smoke:
        print(text)
    else:
        tables.insert(DOCUMENT, text)
        say(f"{DOCUMENT} has {len(records)} of {len(plan)} rows")
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
