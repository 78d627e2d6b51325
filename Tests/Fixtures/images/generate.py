"""Writes the picture files beside this script and what Pillow and transformers make of them (expected.json).

Needs numpy, Pillow and transformers: python generate.py
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

HERE = pathlib.Path(__file__).parent
RANDOM = np.random.default_rng(7)


def picture(width, height):
    """Smooth colours, a hard edge and a little noise: no two rows, columns or channels alike."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [
        255 * x / max(width - 1, 1),
        255 * y / max(height - 1, 1),
        128 + 100 * np.sin((x + 2 * y) / 5),
    ]
    pixels = np.stack(planes, -1) + RANDOM.normal(0, 8, (height, width, 3))
    pixels[height // 3 : height // 2, width // 4 : width // 2] = [250, 10, 40]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def on_white(image):
    image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":
        # Pillow would clip at 255, so that nearly everything becomes white; of other 16-bit files it keeps the high byte.
        return Image.fromarray((np.array(image) >> 8).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image.convert("RGB"), mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


# Files ----------------------------------------------------------------------------------------------------------


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 90, **options})
    return out.getvalue()


def without_segment(data, marker):
    start = data.index(marker)
    length = struct.unpack(">H", data[start + 2 : start + 4])[0]
    return data[:start] + data[start + 2 + length :]


def with_segment(data, body):
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def tiff(orientation, order):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entries = [(0x0100, 3, 9), (0x0112, 3, orientation)]
    body = struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        body += struct.pack(order + "HHIHH", tag, kind, 1, value, 0)
    return head + body + struct.pack(order + "I", 0)


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def scanlines(samples, depth):
    """Packs [height, width, channels] samples into rows, each with filter type 0."""
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            line = row.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(value), f"0{depth}b") for value in row)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        rows += b"\0" + line
    return rows


def png(samples, kind, depth, interlaced=False, extra=b""):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
        data = b"".join(scanlines(part, depth) for part in parts if part.size)
    else:
        data = scanlines(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), extra, chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND", b"")]
    )


def files():
    small = picture(21, 13)
    yield "baseline-420.jpg", jpeg(small)
    yield "baseline-444.jpg", jpeg(small, subsampling=0)
    yield "baseline-422-restarts.jpg", jpeg(small, subsampling=1, restart_marker_blocks=1)
    yield "progressive.jpg", jpeg(small, progressive=True)
    yield "rgb.jpg", jpeg(small, keep_rgb=True)
    yield "gray.jpg", jpeg(small.convert("L"))
    cmyk = jpeg(small.convert("CMYK"))
    adobe = cmyk.index(b"\xff\xee")
    yield "cmyk-adobe.jpg", cmyk
    yield "cmyk-plain.jpg", without_segment(cmyk, b"\xff\xee")
    yield "ycck-adobe.jpg", cmyk[: adobe + 15] + b"\x02" + cmyk[adobe + 16 :]
    yield "one-pixel.jpg", jpeg(picture(1, 1))

    plain = jpeg(picture(11, 6), subsampling=0)
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        yield f"exif-{orientation}.jpg", with_segment(plain, b"Exif\0\0" + tiff(orientation, order))
    yield "exif-9-is-none.jpg", with_segment(plain, b"Exif\0\0" + tiff(9, "<"))
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    yield "xmp-6.jpg", with_segment(plain, xmp)

    for kind, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
        for depth in depths:
            samples = RANDOM.integers(0, 2**depth, (10, 11, channels))
            for interlaced in (False, True):
                name = f"type{kind}-{depth}bit{'-interlaced' if interlaced else ''}.png"
                yield name, png(samples, kind, depth, interlaced)
    for depth in (1, 2, 4, 8):
        colours = min(2**depth, 200)
        palette = chunk(b"PLTE", RANDOM.integers(0, 256, 3 * colours, dtype=np.uint8).tobytes())
        alpha = chunk(b"tRNS", RANDOM.integers(0, 256, max(colours // 2, 1), dtype=np.uint8).tobytes())
        samples = RANDOM.integers(0, colours, (10, 11, 1))
        yield f"palette-{depth}bit.png", png(samples, 3, depth, extra=palette)
        yield f"palette-{depth}bit-alpha-interlaced.png", png(samples, 3, depth, True, palette + alpha)
    samples = RANDOM.integers(0, 4, (10, 11, 1)) * 60
    yield "type0-8bit-transparent.png", png(samples, 0, 8, extra=chunk(b"tRNS", struct.pack(">H", 120)))
    samples = RANDOM.integers(0, 2, (10, 11, 3)) * 200
    yield "type2-8bit-transparent.png", png(samples, 2, 8, extra=chunk(b"tRNS", struct.pack(">HHH", 200, 0, 200)))
    samples = RANDOM.integers(0, 256, (5, 9, 3))
    yield "exif-8.png", png(samples, 2, 8, extra=chunk(b"eXIf", tiff(8, ">")))

    for name, image, options in [
        ("lossy.webp", small, {"quality": 80}),
        ("lossless.webp", small, {"lossless": True}),
        ("exif-5.webp", small, {"lossless": True, "exif": b"Exif\0\0" + tiff(5, "<")}),
    ]:
        out = io.BytesIO()
        image.save(out, "WEBP", **options)
        yield name, out.getvalue()
    alpha = small.copy()
    alpha.putalpha(Image.fromarray(RANDOM.integers(0, 256, (13, 21), dtype=np.uint8)))
    out = io.BytesIO()
    alpha.save(out, "WEBP", lossless=True, exact=True)
    yield "alpha.webp", out.getvalue()
    out = io.BytesIO()
    small.save(out, "WEBP", save_all=True, append_images=[picture(21, 13)], lossless=True)
    (HERE / "animated.webp").write_bytes(out.getvalue())


# Oracles --------------------------------------------------------------------------------------------------------


def decoded():
    for name, data in files():
        (HERE / name).write_bytes(data)
        image = on_white(Image.open(io.BytesIO(data)))
        yield {"file": name, "width": image.width, "height": image.height, "pixels": packed(np.array(image))}


SOURCES = {
    "landscape.png": picture(61, 37),
    "portrait.png": picture(33, 70),
    "square.png": picture(40, 40),
    "dot.png": picture(1, 1),
    "line.png": Image.fromarray(np.arange(30000, dtype=np.uint64).astype(np.uint8).reshape(1, 10000, 3)),
    "column.png": Image.fromarray((np.arange(9000) // 16).astype(np.uint8).reshape(3000, 1, 3)),
}


def resized():
    for filter in range(6):
        for source, sizes in [
            ("landscape.png", [(61, 37), (20, 13), (28, 17), (90, 5), (61, 12), (7, 37)]),
            ("dot.png", [(5, 3)]),
            ("line.png", [(17, 2)]),
            ("portrait.png", [(28, 59), (20, 30), (33, 20), (31, 66), (30, 90)]),
            ("column.png", [(2, 17)]),
        ]:
            for width, height in sizes:
                pixels = np.array(SOURCES[source].resize((width, height), filter))
                yield {"file": source, "filter": filter, "width": width, "height": height, "pixels": packed(pixels)}


def prepared():
    crop28 = {"size": {"shortest_edge": 28}, "crop_size": {"height": 28, "width": 28}}
    clip = lambda **fields: (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", **crop28, **fields})
    llava = lambda **fields: (LlavaImageProcessorPil, {"image_processor_type": "LlavaImageProcessor", **crop28, **fields})
    cases = [(source, clip(), 28, None) for source in SOURCES]
    cases += [(source, llava(do_pad=True), 28, None) for source in SOURCES]
    cases += [(source, llava(do_pad=True), 28, "pad") for source in ("landscape.png", "portrait.png")]
    cases += [
        ("landscape.png", llava(do_pad=False), 28, None),
        ("landscape.png", clip(size=28, crop_size=28), 28, None),
        ("landscape.png", clip(size={"shortest_edge": 33}), 28, None),
        ("portrait.png", clip(size={"shortest_edge": 33}), 28, None),
        ("landscape.png", clip(size={"shortest_edge": 23}), 28, None),
        ("portrait.png", clip(size={"shortest_edge": 9}), 28, None),
        ("landscape.png", clip(size={"height": 30, "width": 50}), 28, None),
        ("portrait.png", clip(do_resize=False), 28, None),
        ("dot.png", clip(do_resize=False), 28, None),
        ("square.png", clip(do_normalize=False), 28, None),
        ("square.png", clip(do_rescale=False), 28, None),
        ("square.png", clip(rescale_factor=0.01, image_mean=[0.1, 0.2, 0.3], image_std=[1, 2, 3]), 28, None),
        ("portrait.png", clip(resample=2), 28, None),
        ("portrait.png", clip(resample=1), 28, None),
        (
            "portrait.png",
            (SiglipImageProcessorPil, {"image_processor_type": "SiglipImageProcessor", "size": {"height": 28, "width": 28}}),
            28,
            None,
        ),
    ]
    large = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}}
    cases += [("portrait.png", clip(**large), 336, None), ("line.png", llava(do_pad=True, **large), 336, None)]
    for source, (kind, fields), side, override in cases:
        arguments = {key: value for key, value in fields.items() if key != "image_processor_type"}
        values = kind(**arguments)(SOURCES[source], return_tensors="np")["pixel_values"][0].astype("<f4")
        assert values.shape == (3, side, side), (source, fields, values.shape)
        stride = 5 if side == 28 else 197  # no divisor of a side: every row and column is met
        # An override is checked against the processor that pads; the file then says nothing of padding.
        written = {key: value for key, value in fields.items() if not (override and key == "do_pad")}
        yield {
            "file": source,
            "configuration": written,
            "override": override,
            "side": side,
            "stride": stride,
            "values": packed(values.reshape(-1)[::stride]),
        }


def main():
    for name, image in SOURCES.items():
        image.save(HERE / name, optimize=True)
    expected = {"decoded": list(decoded()), "resized": list(resized()), "prepared": list(prepared())}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0))


main()
