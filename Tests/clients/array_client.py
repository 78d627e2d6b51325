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
        ids, probabilities = arrays["lens.top_id"], arrays["lens.top_prob"]
        assert ids.dtype == numpy.int32 and ids.shape == probabilities.shape == (*target.shape, 1)
        words = [word for layer in meta["lens"]["top"] for position in layer for word in position]
        numpy.testing.assert_array_equal(ids.ravel(), [word["id"] for word in words])
        numpy.testing.assert_array_equal(probabilities.ravel(), numpy.array([word["prob"] for word in words], numpy.float32))
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

    def a_study_archive_has_variants_as_rows():
        bodies = {
            "/v1/knockout": {"knockouts": ["img->gen", "img->txt", "img->txt+gen"]},
            "/v1/ablation": {"ablations": [{"tokens": "image"}, {"tokens": [4, 5, 6]}]},
        }
        for path, members in bodies.items():
            members["score"] = {"targets": ["Yes", "No"], "top_k": 4}
            arrays, meta = archive(path, **members)
            variants = plain(path, **members)["variants"]
            assert [variant["name"] for variant in meta["variants"]] == [variant["name"] for variant in variants]
            targets = [target["text"] for target in meta["scores"]["targets"]]
            for name in ("delta_logprob", "delta_prob", "delta_logit", "relative_change"):
                expected = [[variant["compare"][name][target] for target in targets] for variant in variants]
                numpy.testing.assert_array_equal(arrays[f"scores.{name}"], numpy.array(expected, numpy.float32))
            divergences = [variant["compare"]["kl_next"] for variant in variants]
            numpy.testing.assert_array_equal(arrays["scores.kl_next"], numpy.array(divergences, numpy.float32))
            ids = [[token["id"] for token in variant["run"]["next"]["top"]] for variant in variants]
            assert arrays["scores.top_id"].dtype == numpy.int32
            numpy.testing.assert_array_equal(arrays["scores.top_id"], ids)
            own = arrays["scores.logprob"] - arrays["scores.baseline.logprob"]
            numpy.testing.assert_allclose(own, arrays["scores.delta_logprob"], atol=1e-5)

    def a_localization_archive_holds_the_maps_it_scored():
        word = max(plain("/v1/attention")["text"].replace(".", "").split(), key=len)
        members = {"phrase": word, "box": [0, 0, 30, 40]}
        arrays, meta = archive("/v1/localize", **members)
        layers = plain("/v1/localize", **members)["localization"]["layers"]
        assert meta["localization"]["maps"] == {"npz": "localization.maps"}
        assert arrays["localization.maps"].shape == (len(layers), len(meta["layout"]["images"][0]["patch_boxes"]))
        mass = numpy.array([layer["mass_inside"] for layer in layers], numpy.float32)
        numpy.testing.assert_array_equal(arrays["localization.scores.mass_inside"], mass)
        numpy.testing.assert_array_equal(arrays["localization.scores.peak"], [layer["peak"] for layer in layers])

    def a_context_archive_holds_what_each_layer_kept():
        arrays, meta = archive("/v1/contexts", compress={"keep": 3, "select": "norm"})
        kept = arrays["kept"]
        assert kept.dtype == numpy.int32 and kept.shape[1] == 3 and meta["tokens_kept"] == meta["tokens_full"] - 141
        assert numpy.all(numpy.diff(kept, axis=1) > 0)

    def gradients_are_drawn():
        gradients = {"method": "gradient"}
        overlay = Image.open(io.BytesIO(post("/v1/gradients", "image/png", gradients=gradients)))
        assert overlay.size == (60, 40) and overlay.mode == "RGB"

    return [
        a_study_archive_has_variants_as_rows,
        a_localization_archive_holds_the_maps_it_scored,
        a_context_archive_holds_what_each_layer_kept,
        gradients_are_drawn,
        an_attention_archive_holds_the_json_s_numbers,
        halves_are_the_rounded_numbers,
        a_lens_archive_holds_the_target,
        an_overlay_has_the_picture_s_size_and_its_own_colours,
    ]
