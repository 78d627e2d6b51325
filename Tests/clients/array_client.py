"""What NumPy and Pillow make of answers that are archives of arrays or pictures."""

import base64
import io
import json
import urllib.request

import numpy
from PIL import Image


def checks(url, picture):
    """The checks of the server at `url` with one picture."""

    def post(path, accept, **members):
        image = {"type": "image_url", "image_url": {"url": picture}}
        content = [image, {"type": "text", "text": "describe the image"}]
        body = {"messages": [{"role": "user", "content": content}], "max_tokens": 6, **members}
        request = urllib.request.Request(
            url + path, json.dumps(body).encode(), {"Content-Type": "application/json", "Accept": accept}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.headers["Content-Type"] == accept, answer.headers["Content-Type"]
            return answer.read()

    def archive(path, **members):
        loaded = numpy.load(io.BytesIO(post(path, "application/x-npz", **members)), allow_pickle=False)
        return loaded, json.loads(loaded["meta.json"])

    def plain(path, **members):
        return json.loads(post(path, "application/json", **members))

    def an_attention_archive_holds_the_json_s_numbers():
        arrays, meta = archive("/v1/attention")
        json_answer = plain("/v1/attention")["attention"]
        assert meta["attention"]["maps"] == {"npz": "attention.maps"}
        maps = arrays["attention.maps"]
        assert maps.dtype == numpy.float32
        numpy.testing.assert_array_equal(maps, numpy.array(json_answer["maps"], numpy.float32))
        fractions = [arrays[f"attention.fractions.{kind}"] for kind in json_answer["fractions"]]
        numpy.testing.assert_allclose(sum(fractions), numpy.ones(maps.shape[:2]), atol=1e-5)

    def halves_are_the_rounded_numbers():
        whole, _ = archive("/v1/attention")
        halves, _ = archive("/v1/attention", encoding="base64", dtype="f16")
        assert halves["attention.maps"].dtype == numpy.float16
        numpy.testing.assert_array_equal(halves["attention.maps"], whole["attention.maps"].astype(numpy.float16))
        text = plain("/v1/attention", encoding="base64", dtype="f16")["attention"]["maps"]
        decoded = numpy.frombuffer(base64.b64decode(text["data"]), "<f2").reshape(text["shape"])
        numpy.testing.assert_array_equal(decoded, halves["attention.maps"])

    def a_lens_archive_holds_the_target():
        arrays, meta = archive("/v1/logit-lens", lens={"target": "red", "top_k": 1})
        target = arrays["lens.target_prob"]
        assert target.shape == (len(meta["lens"]["layers"]), len(meta["lens"]["positions"]))
        confidence = meta["lens"]["confidence"]
        assert numpy.float32(confidence["prob"]) == target.max()

    def an_overlay_has_the_picture_s_size_and_its_own_colours():
        original = Image.open(io.BytesIO(base64.b64decode(picture.split(",", 1)[1]))).convert("RGB")
        for members in ({}, {"render": {"row": 0, "layer": 2, "colormap": "turbo", "opacity": 0.4}}):
            overlay = Image.open(io.BytesIO(post("/v1/attention", "image/png", **members)))
            assert overlay.size == original.size and overlay.mode == "RGB"
            assert numpy.any(numpy.array(overlay) != numpy.array(original))
        lens = {"target": "red", "top_k": 0}
        bare = Image.open(io.BytesIO(post("/v1/logit-lens", "image/png", lens=lens, render={"opacity": 0})))
        numpy.testing.assert_array_equal(numpy.array(bare), numpy.array(original))

    return [
        an_attention_archive_holds_the_json_s_numbers,
        halves_are_the_rounded_numbers,
        a_lens_archive_holds_the_target,
        an_overlay_has_the_picture_s_size_and_its_own_colours,
    ]
