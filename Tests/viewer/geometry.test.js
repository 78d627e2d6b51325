import assert from "node:assert/strict";
import { test } from "node:test";
import { columnPositions, imageTiles, patchAt, patchOf, rasterise, strokeColumns } from "../../public/lib/geometry.js";

/** A picture of `width` × `height` whose square of `side` at (x, y) is seen as a grid; boxes are cut at its edges. */
function picture(width, height, rows, cols, [x, y, side]) {
    const cut = (value, limit) => Math.max(0, Math.min(limit, value));
    const boxes = [];
    for (let r = 0; r < rows; r += 1) {
        for (let c = 0; c < cols; c += 1) {
            boxes.push([cut(x + (c * side) / cols, width), cut(y + (r * side) / rows, height),
                cut(x + ((c + 1) * side) / cols, width), cut(y + ((r + 1) * side) / rows, height)]);
        }
    }
    return { width, height, tiles: [{ name: "image", rows, cols }], patch_boxes: boxes };
}

const cropped = picture(8, 4, 2, 2, [2, 0, 4]);
const padded = picture(8, 4, 4, 4, [0, -2, 8]);

test("columns of the second picture follow those of the first", () => {
    const layout = { images: [cropped, padded], spans: { image: [[5, 9], [12, 28]] } };
    assert.equal(imageTiles(layout, 1)[0].first, 4);
    assert.deepEqual(columnPositions(layout, [0, 3, 4, 19]), [5, 8, 12, 27]);
});

test("a thumbnail gives way to finer tiles, and stands alone otherwise", () => {
    const boxes = [[0, 0, 4, 4], [4, 0, 8, 4], [0, 0, 8, 4]];
    const tiles = [{ name: "tile 0", rows: 1, cols: 2 }, { name: "thumbnail", rows: 1, cols: 1 }];
    assert.deepEqual(imageTiles({ images: [{ tiles, patch_boxes: boxes }] }, 0).map((t) => t.name), ["tile 0"]);
    const alone = { images: [{ tiles: tiles.slice(1), patch_boxes: boxes.slice(2) }] };
    assert.deepEqual(imageTiles(alone, 0).map((t) => t.name), ["thumbnail"]);
});

test("a point finds its patch, and none outside of the crop", () => {
    const tiles = imageTiles({ images: [cropped] }, 0);
    assert.deepEqual(patchAt(tiles, 5, 1), { tile: 0, row: 0, col: 1, column: 1, box: [4, 0, 6, 2] });
    assert.equal(patchAt(tiles, 1, 1), null);
});

test("patches in the padding are never found", () => {
    const at = patchAt(imageTiles({ images: [padded] }, 0), 0.5, 0.5);
    assert.deepEqual([at.row, at.col], [1, 0]);
});

function painted(image, values, smooth) {
    const raster = new Float32Array(image.width * image.height).fill(-1);
    for (const tile of imageTiles({ images: [image] }, 0)) {
        rasterise(tile, values, image, image.width, image.height, smooth, (at, value) => { raster[at] = value; });
    }
    return raster;
}

test("blocks fill their boxes and nothing else", () => {
    assert.deepEqual([...painted(cropped, [1, 2, 3, 4], false).subarray(0, 8)], [-1, -1, 1, 1, 2, 2, -1, -1]);
});

test("blocks agree with the patch under each pixel, with padding too", () => {
    const values = Float32Array.from({ length: 16 }, (_, i) => i);
    const raster = painted(padded, values, false);
    const tiles = imageTiles({ images: [padded] }, 0);
    raster.forEach((value, at) => {
        assert.equal(value, patchAt(tiles, (at % 8) + 0.5, Math.floor(at / 8) + 0.5).column);
    });
});

test("smoothing interpolates between centres and keeps constants", () => {
    const raster = painted(cropped, [0, 4, 0, 4], true);
    assert.deepEqual([...raster.subarray(2, 6)], [0, 1, 3, 4]);
    assert.deepEqual([...painted(cropped, [2, 2, 2, 2], true).subarray(2, 6)], [2, 2, 2, 2]);
});

test("a stroke adds or removes the rectangle it spans", () => {
    const tiles = imageTiles({ images: [padded] }, 0);
    const at = (row, col) => patchOf(tiles, 0, row, col);
    assert.deepEqual(strokeColumns({ anchor: at(2, 2), before: [0], on: true }, at(1, 1), tiles), [0, 5, 6, 9, 10]);
    assert.deepEqual(strokeColumns({ anchor: at(0, 0), before: [0, 1, 5], on: false }, at(0, 3), tiles), [5]);
});

test("beyond the edge lies the nearest patch", () => {
    const tiles = imageTiles({ images: [padded] }, 0);
    assert.equal(patchOf(tiles, 0, -1, 9).column, 3);
    assert.deepEqual(patchOf(tiles, 0, 3, 0).box, padded.patch_boxes[12]);
});
