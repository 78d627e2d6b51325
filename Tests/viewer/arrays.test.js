import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeArray, halfToFloat } from "../../public/lib/arrays.js";

const base64 = (view) => Buffer.from(view.buffer).toString("base64");

test("nested lists keep their shape", () => {
    const { shape, data } = decodeArray([[[1, 2], [3, 4], [5, 6]]]);
    assert.deepEqual(shape, [1, 3, 2]);
    assert.deepEqual([...data], [1, 2, 3, 4, 5, 6]);
});

test("an empty list is an empty array", () => {
    assert.deepEqual(decodeArray([]).shape, [0]);
});

test("base64 f32 is read little-endian and row-major", () => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat32(0, 0.5, true);
    view.setFloat32(4, -2, true);
    const { shape, data } = decodeArray({ dtype: "f32", shape: [2, 1], data: base64(view) });
    assert.deepEqual(shape, [2, 1]);
    assert.deepEqual([...data], [0.5, -2]);
});

for (const [bits, value] of [[0x3c00, 1], [0xc000, -2], [0x0001, 2 ** -24], [0x3555, 0.333251953125],
    [0x7c00, Infinity], [0x8000, -0]]) {
    test(`half ${bits.toString(16)} is ${value}`, () => assert.equal(halfToFloat(bits), value));
}

test("base64 f16 is widened", () => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint16(0, 0x3c00, true);
    view.setUint16(2, 0x3800, true);
    assert.deepEqual([...decodeArray({ dtype: "f16", shape: [2], data: base64(view) }).data], [1, 0.5]);
});

test("a shape that does not fit the numbers is refused with both counts", () => {
    assert.throws(() => decodeArray({ dtype: "f32", shape: [3], data: "AAAAAA==" }), /1 numbers.*needs 3/);
    assert.throws(() => decodeArray([[1, 2], [3]]), /3 numbers.*needs 4/);
});

test("unknown types and forms are refused", () => {
    assert.throws(() => decodeArray({ dtype: "f64", shape: [0], data: "" }), /f64/);
    assert.throws(() => decodeArray("text"), /unknown form/);
});
