"""Rows of run.py to the Markdown of docs/performance.md."""

import platform
from pathlib import Path

from shapes import DECODERS

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
UNITS = {"bf16": "bf16_gflops", "q8_0": "int8_gops", "q4_0": "int8_gops", "int8": "int8_gops", "int4": "int8_gops"}
PREFILL = 512


def insert(document: Path, text: str) -> None:
    """Replaces what stands between the markers."""
    whole = document.read_text()
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}")


def render(records: dict, threads: int) -> str:
    """All tables for which there are rows."""
    parts = [machine(threads), ceilings(records), decoder(records), vision(records), probing(records), large(records),
             targets(records), commands(records)]
    return "\n\n".join(part for part in parts if part)


def get(records: dict, row: str, path: str):
    """A figure of a row by its dotted path; None where there is none."""
    value = records.get(row, {}).get("result")
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def table(header: list[str], rows: list[list]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join("–" if cell is None else str(cell) for cell in line) + " |" for line in lines)


def number(value, digits: int = 1) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def percent(value) -> str | None:
    return None if value is None else f"{100 * value:.0f} %"


def ratio(value, other):
    return None if value is None or not other else value / other


# The tables.


def machine(threads: int) -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {threads} threads, {platform.system()} {platform.release().split('-')[0]}."


def ceilings(records: dict) -> str:
    rows = []
    for name in records:
        if get(records, name, "ceilings"):
            figures = [get(records, name, f"ceilings.{key}")
                       for key in ("f32_gflops", "bf16_gflops", "int8_gops", "read_gbps")]
            rows.append([f"`{name}`", *(number(figure, 0) for figure in figures[:3]), number(figures[3])])
    header = ["measured with", "f32, GFLOP/s", "bf16, GFLOP/s", "int8, GOP/s", "read, GB/s"]
    return "**Ceilings**, beside each of Fovea's rows\n\n" + table(header, rows) if rows else ""


def peer_shares(records: dict, own: str, format: str, row: str, bytes: float | None):
    """A peer's shares of the ceilings that stood beside it in the run."""
    shape = DECODERS["llama-1b"]
    attention = (2 * shape.heads + 2 * shape.key_value_heads) * shape.head_dim
    blocks = shape.layers * shape.hidden * (attention + 3 * shape.inner)
    head = shape.hidden * shape.vocabulary
    peak, read = get(records, own, f"ceilings.{UNITS[format]}"), get(records, own, "ceilings.read_gbps")
    prefill, decode = get(records, row, "prefill.tokens_per_second"), get(records, row, "decode.tokens_per_second")
    work = 2 * (blocks * PREFILL + head) / PREFILL
    bytes = bytes or 2 * (blocks + head)
    return (ratio(prefill and prefill * work / 1e9, peak), ratio(decode and decode * bytes / 1e9, read))


def decoder(records: dict) -> str:
    rows = []
    for own, format, peers in [
        ("fovea-llama-1b-bf16", "bf16", [("llama.cpp", "bf16", "llama-cpp-bf16"),
                                         ("transformers, sdpa", "bf16", "transformers-sdpa"),
                                         ("transformers, eager, attention output", "bf16", "transformers-eager")]),
        ("fovea-llama-1b-int8", "int8", [("llama.cpp", "q8_0", "llama-cpp-q8_0")]),
        ("fovea-llama-1b-int4", "int4", [("llama.cpp", "q4_0", "llama-cpp-q4_0")]),
    ]:
        if own in records:
            rows.append(["**Fovea**", format, number(get(records, own, "prefill.tokens_per_second")),
                         percent(get(records, own, "prefill.share_of_peak")),
                         number(get(records, own, "decode.tokens_per_second")),
                         percent(get(records, own, "decode.share_of_bandwidth"))])
        for name, peer_format, row in peers:
            if row not in records:
                continue
            size = get(records, row, "bytes")
            if size:
                # Of the embeddings one row is read for a token; the head is a matrix of its own.
                bits = {"bf16": 16, "q8_0": 8.5, "q4_0": 4.5}[peer_format]
                size -= DECODERS["llama-1b"].vocabulary * DECODERS["llama-1b"].hidden * bits / 8
            prefill, decode = peer_shares(records, own, peer_format, row, size)
            rows.append([name, peer_format, number(get(records, row, "prefill.tokens_per_second")), percent(prefill),
                         number(get(records, row, "decode.tokens_per_second")), percent(decode)])
    if not rows:
        return ""
    header = ["program", "weights", f"prefill {PREFILL}, tokens/s", "of the unit's peak", "decode, tokens/s",
              "of read bandwidth"]
    text = "**Llama decoder of 1.1 billion parameters**\n\n" + table(header, rows)
    batches = []
    for format in ("bf16", "int8", "int4"):
        for count in (get(records, f"fovea-llama-1b-{format}", "rows") or {}):
            path = f"rows.{count}"
            batches.append([format, int(count),
                            number(get(records, f"fovea-llama-1b-{format}", f"{path}.tokens_per_second")),
                            percent(get(records, f"fovea-llama-1b-{format}", f"{path}.share_of_peak"))])
    batches.sort(key=lambda row: (["bf16", "int8", "int4"].index(row[0]), row[1]))
    if batches:
        text += "\n\nSequences that decode together\n\n" + table(
            ["weights", "sequences", "tokens/s", "of the unit's peak"], batches)
    return text


def vision(records: dict) -> str:
    rows = []
    if "fovea-clip-bf16" in records:
        rows.append(["**Fovea**", number(get(records, "fovea-clip-bf16", "vision.seconds"), 3),
                     percent(get(records, "fovea-clip-bf16", "vision.share_of_peak"))])
    if "transformers-clip" in records:
        rows.append(["transformers, sdpa", number(get(records, "transformers-clip", "vision.seconds"), 3), None])
    header = ["program", "seconds", "of the unit's peak"]
    return "**CLIP ViT-L/14-336**, one picture, bf16\n\n" + table(header, rows) if rows else ""


def probing(records: dict) -> str:
    own, sweep, capture = "fovea-llama-1b-bf16", "transformers-sweep", "transformers-capture"
    if not get(records, own, "sweep"):
        return ""
    rows = [["one prefill", number(get(records, own, "sweep.prefill_seconds"), 2),
             number(get(records, sweep, "condition_seconds"), 2),
             number(ratio(get(records, sweep, "condition_seconds"), get(records, own, "sweep.prefill_seconds")))]]
    for text, key in [("24 conditions at the last token", "last_token_24_seconds"),
                      ("all 36 conditions", "all_36_seconds"),
                      ("27 variants of 64 tokens, together", "generative_27_seconds")]:
        mine, theirs = get(records, own, f"sweep.{key}"), get(records, sweep, key)
        rows.append([text, number(mine, 2), theirs and f"{theirs:.1f} *", number(ratio(theirs, mine), 0)])
    alone = get(records, own, "sweep.sequential_27_seconds")
    rows.append(["the same 27, one by one", alone and f"{alone:.1f} *", None, None])
    rows.append(["attention capture, over plain decoding", percent(get(records, own, "probe.overhead")),
                 percent(get(records, capture, "probe.overhead")), None])
    rows.append(["second question on a picture, of the cold time", percent(get(records, own, "second_question.share")),
                 None, None])
    header = ["593 positions, llama-1b, bf16; seconds", "Fovea", "transformers", "times"]
    return ("**Probing.** Conditions come after one prefill, which they share. Figures with * are extrapolated: "
            "transformers' from one condition and some of its steps, those one by one from three of the 27.\n\n"
            + table(header, rows))


def large(records: dict) -> str:
    rows = []
    for text, path, digits in [
        ("start from the converted directory, s", "model.load_seconds", 2),
        ("packed weights, GB", "memory.packed_bytes", None),
        ("resident at most, GB", "memory.peak_resident_bytes", None),
        ("one picture, s", "vision.seconds", 2),
        ("prefill of 593 positions, s", "sweep.prefill_seconds", 1),
        ("decode, tokens/s", "decode.tokens_per_second", 2),
        ("24 conditions at the last token, s", "sweep.last_token_24_seconds", 2),
        ("all 36 conditions, s", "sweep.all_36_seconds", 1),
        ("27 variants of 64 tokens, s", "sweep.generative_27_seconds", 1),
        ("second question, first token, s", "second_question.first_token_seconds", 2),
    ]:
        values = [get(records, f"fovea-llava-7b-{format}", path) for format in ("int8", "int4")]
        if any(value is not None for value in values):
            rows.append([text, *(number(value / 1e9, 1) if digits is None and value is not None
                                 else number(value, digits or 1) for value in values)])
    answer = []
    for format in ("int8", "int4"):
        prefill, rate = (get(records, f"fovea-llava-7b-{format}", path)
                         for path in ("sweep.prefill_seconds", "decode.tokens_per_second"))
        answer.append(prefill + 64 / rate if prefill and rate else None)
    if any(answer):
        rows.append(["an answer of 64 tokens, picture known, s", *(number(value) for value in answer)])
    return "**LLaVA-1.5-7B**, random weights\n\n" + table(["", "int8", "int4"], rows) if rows else ""


def targets(records: dict) -> str:
    """What was aimed at, and whether it was reached."""
    def own(format: str, path: str):
        return get(records, f"fovea-llama-1b-{format}", path)

    def against(format: str, peer: str, path: str):
        return ratio(own(format, path), get(records, peer, path))

    def inverse(path: str, row: str, key: str):
        return ratio(get(records, row, key), own("bf16", path))

    def share(path: str):
        return ratio(own("bf16", path), own("bf16", "sweep.prefill_seconds"))

    peers = {"bf16": "llama-cpp-bf16", "int8": "llama-cpp-q8_0", "int4": "llama-cpp-q4_0"}
    checks = []
    for format, peak, times in [("bf16", 0.8, 1.2), ("int8", 0.6, 2.5), ("int4", 0.5, 1.8)]:
        checks.append((f"{format} prefill, of the unit's peak", own(format, "prefill.share_of_peak"), peak, True))
        checks.append((f"{format} prefill, times llama.cpp's",
                       against(format, peers[format], "prefill.tokens_per_second"), times, False))
    for format in peers:
        checks.append((f"{format} decode, of read bandwidth", own(format, "decode.share_of_bandwidth"), 0.9, True))
        checks.append((f"{format} decode, times llama.cpp's",
                       against(format, peers[format], "decode.tokens_per_second"), 0.95, False))
    for format, peak in [("bf16", 0.55), ("int8", 0.4), ("int4", 0.3)]:
        checks.append((f"{format}, 32 sequences, of the unit's peak", own(format, "rows.32.share_of_peak"), peak, True))
    checks += [
        ("8 sequences, times one, bf16",
         ratio(own("bf16", "rows.8.tokens_per_second"), own("bf16", "rows.1.tokens_per_second")), 5, False),
        ("CLIP, of the unit's peak", get(records, "fovea-clip-bf16", "vision.share_of_peak"), 0.65, True),
        ("CLIP, times transformers'", ratio(get(records, "transformers-clip", "vision.seconds"),
                                            get(records, "fovea-clip-bf16", "vision.seconds")), 1.3, False),
        ("24 conditions, times transformers'",
         inverse("sweep.last_token_24_seconds", "transformers-sweep", "last_token_24_seconds"), 150, False),
        ("36 conditions, times transformers'",
         inverse("sweep.all_36_seconds", "transformers-sweep", "all_36_seconds"), 50, False),
        ("27 variants, times one by one",
         ratio(own("bf16", "sweep.sequential_27_seconds"), own("bf16", "sweep.generative_27_seconds")), 6, False),
        ("27 variants, times transformers'",
         inverse("sweep.generative_27_seconds", "transformers-sweep", "generative_27_seconds"), 12, False),
    ]
    limits = [
        ("capture, over plain decoding", own("bf16", "probe.overhead"), 0.03),
        ("24 conditions, of one prefill", share("sweep.last_token_24_seconds"), 0.10),
        ("36 conditions, of one prefill", share("sweep.all_36_seconds"), 0.75),
        ("second question, of the cold time", own("bf16", "second_question.share"), 0.06),
    ]
    rows = []
    for text, value, aim, is_share in checks:
        if value is not None:
            shown = percent if is_share else lambda figure: f"{figure:.3g}" if figure < 1000 else f"{figure:.0f}"
            rows.append([text, f"≥ {shown(aim)}", shown(value), "yes" if value >= aim else "no"])
    for text, value, aim in limits:
        if value is not None:
            rows.append([text, f"≤ {percent(aim)}", percent(value), "yes" if value <= aim else "no"])
    for format in ("int8", "int4"):
        start = get(records, f"fovea-llava-7b-{format}", "model.load_seconds")
        if start is not None:
            rows.append([f"llava-1.5-7b {format}, start", "≤ 1.5 s", f"{start:.2f} s", "yes" if start <= 1.5 else "no"])
    for what, key in [("decoder", "decoder_per_token"), ("whole process", "per_token")]:
        allocations = own("bf16", f"allocations.{key}")
        if allocations is not None:
            met = "yes" if allocations == 0 else "no"
            rows.append([f"allocations for a decoded token, {what}", "0", number(allocations), met])
    streams = own("bf16", "streams.identical")
    if streams is not None:
        rows.append(["streams answer as alone, bit for bit", "yes", "yes" if streams else "no", "yes" if streams else "no"])
    return "**Aims**\n\n" + table(["what", "aim", "measured", "met"], rows) if rows else ""


def commands(records: dict) -> str:
    lines = [f"{record['command']:<100} # {record['seconds']:.0f} s" for record in records.values()]
    return "**Commands**\n\n```sh\n" + "\n".join(lines) + "\n```" if lines else ""
