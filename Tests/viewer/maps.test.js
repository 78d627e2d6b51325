import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeArray } from "../../public/lib/arrays.js";
import {
    attentionMap, colourScale, imageMassByToken, massByLayer, onScale, quantile, tokenMaps, withoutHeadAxis,
} from "../../public/lib/maps.js";

// [rows 2, layers 2, columns 2]
const maps = decodeArray([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]);

test("one token at one layer is that row", () => assert.deepEqual([...attentionMap(maps, 1, [0, 0])], [5, 6]));
test("a layer range is a mean", () => assert.deepEqual([...attentionMap(maps, 0, [0, 1])], [2, 3]));
test("no token means all tokens", () => assert.deepEqual([...attentionMap(maps, null, [0, 1])], [4, 5]));
test("every token has its map", () => assert.deepEqual(tokenMaps(maps, [1, 1]).map((m) => [...m]), [[3, 4], [7, 8]]));

test("a single head's axis is dropped, several heads' is kept", () => {
    assert.deepEqual(withoutHeadAxis(decodeArray([[[[1, 2]], [[3, 4]]]])).shape, [1, 2, 2]);
    assert.deepEqual(withoutHeadAxis(decodeArray([[[[1], [2]]]])).shape, [1, 1, 2, 1]);
});

test("the scale per map spans the map, the fixed one all tokens from zero", () => {
    const map = attentionMap(maps, 0, [0, 0]);
    const all = () => tokenMaps(maps, [0, 0]);
    assert.deepEqual(colourScale(map, all, { normalise: "map", clip: false }), [1, 2]);
    assert.deepEqual(colourScale(map, all, { normalise: "answer", clip: false }), [0, 6]);
});

test("clipping ends the scale below a sink", () => {
    const map = Float32Array.from({ length: 200 }, (_, i) => (i === 0 ? 100 : 1));
    assert.equal(colourScale(map, () => [map], { normalise: "answer", clip: true })[1], 1);
});

test("a constant map does not divide by zero", () => {
    assert.equal(onScale(0.5, [0.5, 0.5]), 0);
    assert.equal(onScale(3, [0, 2]), 1);
    assert.equal(onScale(1, [0, 2]), 0.5);
});

test("quantiles are values of the map", () => {
    assert.equal(quantile(Float32Array.of(3, 1, 2), 0.5), 2);
    assert.equal(quantile(Float32Array.of(3, 1, 2), 1), 3);
    assert.equal(quantile(new Float32Array(), 0.5), 0);
});

test("mass is read per layer and per token", () => {
    const fraction = decodeArray([[0.25, 0.5], [0.75, 1]]);
    assert.deepEqual([...massByLayer(fraction, 0)], [0.25, 0.5]);
    assert.deepEqual([...massByLayer(fraction, null)], [0.5, 0.75]);
    assert.deepEqual(imageMassByToken(fraction, { layerMode: "range", range: [0, 1] }), [0.375, 0.875]);
});
