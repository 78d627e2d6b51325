"""Makes the two kinds of tokenizer that published LLaVA checkpoints come with."""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

# The pattern of Llama 3's tokenizer.json.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CORPUS = [
    "describe the image . what is in the picture ?",
    "USER : is there a dog in this image ? ASSISTANT : yes , there is a small dog on the grass .",
    "USER : how many people are there ? ASSISTANT : two people stand near the red house .",
    "a cat sits on the table next to a blue cup and an open book .",
    "the street is empty but a green bus waits under the tall tower .",
    "it is a photo of a field with trees , a river and one white horse .",
    "which animal is on the left side ? the bird is on the right .",
    "no , the sky is dark and the water is clear .",
]


def _merges(tokenizer):
    """Merge rules in order, as pairs, whatever way the file spells them."""
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in merges]


def llama_style(pieces, extra=()):
    """Like Llama 2's file: BPE over "▁" words, byte fallback, no pre-tokenizer, <s> put first.

    `pieces` is the number of learned pieces, single characters included. `extra` are added special tokens after them.
    """
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    trained.train_from_iterator(CORPUS * 4, trainers.BpeTrainer(vocab_size=pieces, show_progress=False))
    learned = sorted(trained.get_vocab(), key=trained.get_vocab().get)
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + learned
    vocabulary = {name: index for index, name in enumerate(names)}

    model = models.BPE(vocabulary, _merges(trained), unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", *extra]
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def byte_level_style(pieces, specials, begin=None, corpus=CORPUS):
    """Like Llama 3's file: byte-level BPE; `specials` come after the `pieces` learned ones (256 bytes included)."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    split = pre_tokenizers.Split(pattern=Regex(SPLIT), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in specials])
    if begin:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, tokenizer.token_to_id(begin))]
        )
    return tokenizer


def save(tokenizer, directory, *, begin, end, pad, template, template_file):
    """Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and the chat template."""
    directory = pathlib.Path(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    names = {"bos_token": begin, "eos_token": end, "pad_token": pad}
    if tokenizer.token_to_id("<unk>") is not None:
        names["unk_token"] = "<unk>"
    config = names | {
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2048,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "image_token": "<image>",
    }
    _write(directory / "tokenizer_config.json", config)
    _write(directory / "special_tokens_map.json", names)
    if template_file.endswith(".json"):
        _write(directory / template_file, {"chat_template": template})
    else:
        (directory / template_file).write_text(template)


def _write(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
