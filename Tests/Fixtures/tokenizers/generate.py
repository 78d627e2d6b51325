#!/usr/bin/env python3
"""Writes the tokenizer fixtures: small trained `tokenizer.json` files and what the reference makes of many strings.

Needs `tokenizers` and `transformers`; no network. Run it in this folder; the output is the same every time:

    python3 generate.py

For each NAME it writes NAME.tokenizer.json and NAME.expected.json, and for chat templates prompts.expected.json.
"""

import json
import os
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))

CORPUS = [
    "The quick brown fox jumps over the lazy dog. It is a sunny day, and the dog doesn't mind at all.",
    "What is in the image? There is a red car parked beside a tree, and two people are walking on the street.",
    "Is there a cat in the picture? Please answer yes or no. Yes, there is a cat on the sofa. No, there is not.",
    "Describe the image in detail. The image shows a kitchen with a wooden table, three chairs and a large window.",
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the human's questions. USER: ASSISTANT: USER: ASSISTANT: USER: ASSISTANT:",
    "I'm sure they've seen what we'll do; he'd say it's fine. You're right! Don't you think so? She can't.",
    "def main(argc, argv):\n    for i in range(10):\n        print(i, end=\"\\t\")\n    return 0\n\n\n",
    "In 1984, 2001 and 2024 there were 365, 366 and 12345 days; 3.14159 is nearly pi, and 1/2 = 0.5.",
    "Größe, Straße, Übermut und Ärger: schöne Grüße aus Köln! Die Bäume sind grün, der Himmel ist blau.",
    "Où est la bibliothèque? L'été, les élèves vont à la forêt. Ça va très bien, merci. Cœur, naïve, façade.",
    "El niño comió una piña mañana. ¿Dónde está el baño? ¡Qué día más hermoso! La señora está aquí.",
    "Быстрая коричневая лиса прыгает через ленивую собаку. На картинке изображена красная машина.",
    "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί. Τι υπάρχει στην εικόνα;",
    "敏捷的棕色狐狸跳过了懒狗。图片里有一只猫和一辆红色的汽车。这张图片显示了什么？",
    "素早い茶色の狐がのろまな犬を飛び越える。画像には何がありますか？赤い車です。ありがとう。",
    "빠른 갈색 여우가 게으른 개를 뛰어넘는다. 이미지에 무엇이 있습니까? 고양이가 있습니다.",
    "الثعلب البني السريع يقفز فوق الكلب الكسول. ماذا يوجد في الصورة؟ هناك سيارة حمراء.",
    "इस तस्वीर में क्या है? एक लाल गाड़ी और एक बिल्ली है। नमस्ते दुनिया।",
    "🙂 😀 🎉 🚗 🐱 👍 ❤️ 🙂🙂 🎉🎉 :-) ;-) <3 -> => != == <= >= && || ++ -- // /* */ ... --- ***",
] * 3

HAND_WRITTEN = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n ", "\n \n", "  \n\n  \t", "a", " a", "a ", " a ", "  a  b  ", "\na\n",
    "Hello, world!", "Hello world", "hello  world   again", "What is in the image?", "Describe the image in detail.",
    "USER: What is this? ASSISTANT:", "It's don't can't we'll they've I'm he'd you're", "IT'S DON'T WE'LL", "'s't're've'm'll'd",
    "'S 'T 'RE", "''s", "x'sy", "1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000", "a1b2c3", "١٢٣", "½ ² Ⅷ",
    "é", "e\u0301", "caf\u00e9 cafe\u0301", "\u0301", " \u0301a", "a\u0301\u0316b", "a\u0316\u0301b", "\u212b \u00c5 A\u030a", "ﬁ ﬂ ﬃ",
    "ＡＢＣ１２３", "①②③", "㎏ ㎡", "ｶﾞｷﾞ", "ㄱㅏㅋㅋㅋ", "각 각", "각", "각", "\u1e9b\u0323", "\u0344", "\u2126", "\ufb49", "Å",
    "ΑΣ ΟΔΟΣ", "İstanbul ISTANBUL ı", "ẞ ß SS", "ǅ", "你好，世界！", "图片里有一只猫", "画像には何がありますか？", "고양이가 있습니다", "𠮷野家", "𝒳𝓎",
    "الصورة؟", "नमस्ते", "நிலா", "ไทย", "🙂", "🙂🙂", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "a🙂b", "🙂 🙂", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\u200b", "a\u200bb", "\u200d",
    "\ufeffBOM", "\u00a0", "a\u00a0b", "\u2028\u2029", "\u3000全角", "\u0085", "a\u000bb\u000cc", "\u0000", "a\u0000b", "\u0001\u001f\u007f\u0080",
    "\u001c\u001d", "\ufffd", "\uffff", "\U0010ffff", "\ue000", "▁", "▁▁", "a▁b", " ▁ ", "▁Hello", "Ġ", "ĠHello", "Ċ", "<0x41>", "<0x0A>", "<0xZZ>",
    "<s>", "</s>", "<unk>", "<s>hello</s>", " <s> ", "<s><s>", "a<s>b", "a <s> b", "<image>", "<image>\n", "USER: <image>\nWhat? ASSISTANT:",
    "<image><image>", "<image", "image>", "<<image>>", "< image >", "<IMAGE>", "x<image>y", "a</s>USER: b", "<pad>", "[MASK]", "a [MASK] b",
    "a  [MASK]  b", "a[MASK]b", "  [MASK]  ", "[MASK][MASK]", "[MASK] [MASK]", "\n[MASK]\n", "whole", " whole ", "wholesome", "a whole b",
    "unwhole", "whole.", "_whole_", "whole\u0301", "left", " left ", "x  left  y", "right", " right ", "x  right  y", "right  right",
    "norm", "NORM", "Norm", "ﬁnal", "final", "FINAL", "a final b", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "<|im_start|><|im_end|>",
    "<|im_start", "<|im_start|", "abc<|end", "<|endoftext|><|endoftext|>", "tokens<|endoftext|> more", "<long>", "<long><er>", "<long><", "<long><er",
    "<longer>", "    def f(x):\n        return x\n", "\tif (a == b) {\n\t\tc++;\n\t}\r\n", "a\n\n\nb", "a \n b", "a  \n\n  b", "end   ", "   start",
    "...", "?!?!", "--", "(a)", "[b]", "{c}", "\"quoted\"", "\u201cquoted\u201d", "don\u2019t", "a,b;c:d", "$5.00 €3 £2", "a@b.cd", "https://example.org/a?b=c#d",
    "C:\\dir\\file", "#tag @name", "x = y + z", "<html><body>", "&amp;", "a_b-c.d", "snake_case camelCase", "UPPER lower", "ſ 'ſ K", "\u00b5",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the the the the", " " * 40, "\n" * 17, "\t" * 9, "a" + " " * 20 + "b", "ab" * 50, "🙂" * 20, "é" * 30, "e\u0301" * 10,
]

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz ", "ABCDEFG abcdefg 0123456789", " \t\n\r", "éèêëàâäöüßñçœ e\u0301a\u0308", "日本語中文图片猫车的是一 ", "한국어고양이ㄱㅏ ",
    "🙂😀🎉🚗🐱👍❤️\u200d🏽 a", "абвгдежз αβγδ ", "'\"`.,;:!?-()[]{}<>/\\|@#$%^&*_+=~ a1", "\u0000\u0001\u001b\u007f\u0085\u00a0\u200b\u2028\ufeff a▁",
]
WORDS = [
    "the", "image", "What", "is", " ", "  ", "\n", "<s>", "</s>", "<image>", "[MASK]", "whole", "left", "right", "norm", "final", "<|endoftext|>",
    "<|im_start|>", "🙂", "日本", "é", "e\u0301", "'s", "123", "▁", "<long>", "<long><er>", ".", "\t", "USER:", "ASSISTANT:", "straße",
]


def strings():
    rng = random.Random(20240607)
    made = []
    for alphabet in ALPHABETS:
        for _ in range(9):
            made.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 24))))
    for _ in range(90):
        made.append("".join(rng.choice(WORDS) for _ in range(rng.randint(2, 8))))
    return HAND_WRITTEN + made


def trained(vocab_size, pre_tokenizer, specials, normalizer=None, alphabet=()):
    """A BPE model trained on the corpus: its vocabulary and merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=specials, initial_alphabet=list(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def qwen_like():
    """Byte-level BPE with a word pattern of its own, as Qwen2 and Llama 3 have."""
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
        r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    vocab, merges = trained(1500, words, [], normalizers.NFC(), pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab, merges, ignore_merges=True))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = words
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>"])
    tokenizer.add_tokens([AddedToken("<image>", normalized=False), AddedToken("<long>", normalized=False)])
    tokenizer.add_tokens([AddedToken("<long><er>", normalized=False)])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]),
    ])
    return tokenizer


def gpt2_like():
    """Byte-level BPE with GPT-2's pattern, a prefix space, and every flag an added token can have."""
    words = pre_tokenizers.ByteLevel(add_prefix_space=True)
    vocab, merges = trained(1200, words, ["<s>", "</s>", "<pad>", "<unk>"], None, pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = words
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>", "<pad>", "<unk>", AddedToken("[MASK]", lstrip=True, special=True)])
    tokenizer.add_tokens([
        AddedToken("whole", single_word=True), AddedToken("left", lstrip=True), AddedToken("right", rstrip=True),
        AddedToken("norm", normalized=True, lstrip=True, rstrip=True),
    ])
    ids = {name: tokenizer.token_to_id(name) for name in ("<s>", "</s>")}
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=True
    )
    return tokenizer


def with_bytes(vocab, merges):
    """The vocabulary in Llama's order: specials, 256 bytes, then what was trained."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    pieces += sorted((piece for piece in vocab if piece not in pieces), key=vocab.get)
    return {piece: index for index, piece in enumerate(pieces)}, merges


def add_llama_tokens(tokenizer):
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in ("<unk>", "<s>", "</s>")])
    tokenizer.add_special_tokens([AddedToken("<image>", normalized=False, special=True)])
    tokenizer.add_tokens([AddedToken("<pad>", normalized=False), AddedToken("final", normalized=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )


def llama_like():
    """SentencePiece-style BPE over the whole text, as LLaVA-1.5's: Prepend, Replace, byte fallback."""
    vocab, merges = with_bytes(*trained(900, pre_tokenizers.Metaspace(), []))
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0),
    ])
    add_llama_tokens(tokenizer)
    return tokenizer


def metaspace_first():
    """SentencePiece-style BPE as newer Llama files spell it: Metaspace with `first`, not split."""
    vocab, merges = with_bytes(*trained(900, pre_tokenizers.Metaspace(), []))
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0),
    ])
    add_llama_tokens(tokenizer)
    return tokenizer


def mixed():
    """The remaining components: NFKC, Lowercase, Strip, regular expressions, Digits, Punctuation, unknown tokens."""
    normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Replace(Regex(r"\s{2,}"), " "),
    ])
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=True), pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Punctuation("merged_with_previous"), pre_tokenizers.Split("n", "contiguous"),
        pre_tokenizers.Split(Regex("[aeiou]{2}"), "merged_with_next"), pre_tokenizers.Split("~", "removed"),
    ])
    vocab, merges = trained(700, words, ["<unk>", "<s>", "</s>"], normalizer)
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = words
    tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme="always", split=True)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", AddedToken("[MASK]", rstrip=True, normalized=False, special=True)])
    tokenizer.add_tokens([AddedToken("Final", normalized=True), AddedToken("ﬁn", normalized=False)])
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


def fused_unknown():
    """No decoder, no post-processor, unknown scalars fused; NFD and accents stripped."""
    normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFKD()])
    words = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace()])
    vocab, merges = trained(400, words, ["<unk>"], normalizer)
    small = {piece: index for index, piece in enumerate(p for p in vocab if all(ord(c) < 0x500 for c in p))}
    tokenizer = Tokenizer(models.BPE(small, [m for m in merges if m[0] + m[1] in small], unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = words
    tokenizer.add_special_tokens(["<unk>"])
    return tokenizer


def write(name, content):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.write(content + "\n")


def expectations(tokenizer):
    rng = random.Random(7)
    cases = []
    # Versions of the reference differ in what a token that is matched after normalization decodes to.
    added = tokenizer.get_added_tokens_decoder() if tokenizer.normalizer is not None else {}
    ambiguous = {index for index, token in added.items() if token.normalized}
    for text in strings():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        full = tokenizer.encode(text).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        case = {"text": text, "ids": ids, "with_special": full}
        if ambiguous.isdisjoint(full):
            case["decoded"] = tokenizer.decode(full, skip_special_tokens=False)
            case["skipped"] = tokenizer.decode(full, skip_special_tokens=True)
        if plain != ids:
            case["plain"] = plain
        cases.append(case)
    size = tokenizer.get_vocab_size()
    decodes = []
    for _ in range(120):
        ids = [rng.randrange(size if rng.random() < 0.6 else min(size, 300)) for _ in range(rng.randint(1, 14))]
        ids = [index for index in ids if index not in ambiguous]
        texts = [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)]
        decodes.append({"ids": ids, "decoded": texts[0], "skipped": texts[1]})
    lines = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases)
    more = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in decodes)
    return f'{{"cases":[\n{lines}\n],"decodes":[\n{more}\n]}}'


def serialized(tokenizer, legacy_merges):
    content = json.loads(tokenizer.to_str())
    if legacy_merges:
        content["model"]["merges"] = [" ".join(merge) for merge in content["model"]["merges"]]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


# The chat template that the llava-hf LLaVA-1.5 checkpoints publish.
LLAVA_HF_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
    "{# Render all images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}"
    "{{ '<image>\\n' }}{% endfor %}{# Render all text next #}{% if message['role'] != 'assistant' %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}{% endfor %}"
    "{% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)

CONVERSATIONS = [
    ("What is in the image?", 1, None), ("describe the image", 1, None), ("", 1, None), ("Is there a cat?", 0, None),
    (" leading and trailing ", 1, None), ("two images", 2, None), ("Describe.", 1, "You are terse."), ("图片里有什么？", 1, None),
    ("line\nbreak\n", 1, None), ("🙂", 0, "System 🙂"), ("1+1?", 3, None),
]


def prompts(path):
    """What `apply_chat_template` and the tokenizer make of conversations, and of LLaVA-1.5's own prompt format."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_file=path)
    tokenizer.chat_template = LLAVA_HF_TEMPLATE
    vicuna = (
        "A chat between a curious human and an artificial intelligence assistant. "
        "The assistant gives helpful, detailed, and polite answers to the human's questions."
    )
    cases = []
    for text, images, system in CONVERSATIONS:
        content = [{"type": "image"}] * images + [{"type": "text", "text": text}]
        messages = [{"role": "user", "content": content}]
        if system:
            messages.insert(0, {"role": "system", "content": [{"type": "text", "text": system}]})
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(prompt)["input_ids"]
        long_prompt = f"{system or vicuna} USER: " + "<image>\n" * images + f"{text} ASSISTANT:"
        cases.append({
            "text": text, "images": images, "system": system, "bare": {"prompt": prompt, "ids": ids},
            "llava_v1": {"prompt": long_prompt, "ids": tokenizer(long_prompt)["input_ids"]},
        })
    return json.dumps({"template": LLAVA_HF_TEMPLATE, "cases": cases}, indent=1, ensure_ascii=True)


def main():
    kinds = [
        ("qwen-like", qwen_like, False), ("gpt2-like", gpt2_like, True), ("llama-like", llama_like, False),
        ("metaspace-first", metaspace_first, True), ("mixed", mixed, False), ("fused-unknown", fused_unknown, False),
    ]
    for name, build, legacy in kinds:
        content = serialized(build(), legacy)
        write(f"{name}.tokenizer.json", content)
        write(f"{name}.expected.json", expectations(Tokenizer.from_str(content)))
    write("prompts.expected.json", prompts(os.path.join(HERE, "llama-like.tokenizer.json")))


if __name__ == "__main__":
    main()
