/**
 * Where patches lie on the picture. A tile is a grid of patches whose boxes are given in original pixels, row by row;
 * boxes may be cut at the picture's edge or be empty where the model saw padding.
 */

/**
 * The tiles of one image of a layout: `[{name, rows, cols, boxes, first}]`, where `first` is the tile's first column
 * in the attention maps. A thumbnail is left out when finer tiles cover the same picture.
 */
export function imageTiles(layout, imageIndex) {
    let column = 0;
    for (let i = 0; i < imageIndex; i += 1) column += layout.images[i].patch_boxes.length;
    let box = 0;
    const tiles = layout.images[imageIndex].tiles.map((tile) => {
        const count = tile.rows * tile.cols;
        const boxes = layout.images[imageIndex].patch_boxes.slice(box, box + count);
        const entry = { name: tile.name, rows: tile.rows, cols: tile.cols, boxes, first: column + box };
        box += count;
        return entry;
    });
    const fine = tiles.filter((tile) => tile.name !== "thumbnail");
    return fine.length > 0 ? fine : tiles;
}

/** The patch under a point in original pixels: `{tile, row, col, column, box}` or null. */
export function patchAt(tiles, x, y) {
    for (const [index, tile] of tiles.entries()) {
        const at = tile.boxes.findIndex(([x0, y0, x1, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1);
        if (at >= 0) return patchOf(tiles, index, Math.floor(at / tile.cols), at % tile.cols);
    }
    return null;
}

/** The patch in a row and column of a tile, as `patchAt` gives it; beyond the edge the nearest one. */
export function patchOf(tiles, index, row, col) {
    const tile = tiles[index];
    const [r, c] = [Math.max(0, Math.min(tile.rows - 1, row)), Math.max(0, Math.min(tile.cols - 1, col))];
    const at = r * tile.cols + c;
    return { tile: index, row: r, col: c, column: tile.first + at, box: tile.boxes[at] };
}

/**
 * The columns chosen after a stroke from patch `anchor` to patch `at`: `before` with the rectangle between them added
 * (`on`) or taken out. A stroke stays within the tile it began in.
 */
export function strokeColumns({ anchor, before, on }, at, tiles) {
    const end = at.tile === anchor.tile ? at : anchor;
    const [top, bottom] = [Math.min(anchor.row, end.row), Math.max(anchor.row, end.row)];
    const [left, right] = [Math.min(anchor.col, end.col), Math.max(anchor.col, end.col)];
    const columns = new Set(before);
    for (let row = top; row <= bottom; row += 1) {
        for (let col = left; col <= right; col += 1) {
            const { column } = patchOf(tiles, anchor.tile, row, col);
            if (on) columns.add(column);
            else columns.delete(column);
        }
    }
    return [...columns];
}

/** Sequence positions of map columns: the image spans of the layout, in order. */
export function columnPositions(layout, columns) {
    const positions = layout.spans.image.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i));
    return columns.map((column) => positions[column]);
}

/**
 * Bilinear weights along one axis for `count` output pixels over [0, size): the lower neighbour and the share of the
 * upper one, and the box (`cell`) that holds the pixel. Outside the outermost centres the edge value holds. Pixels
 * outside the patches get index -1.
 */
export function axisSamples(starts, ends, size, count) {
    const centres = starts.map((start, i) => (start + ends[i]) / 2);
    const low = Math.min(...starts);
    const high = Math.max(...ends);
    const index = new Int32Array(count);
    const share = new Float32Array(count);
    const cell = new Int32Array(count);
    let at = 0;
    let inside = 0;
    for (let i = 0; i < count; i += 1) {
        const place = ((i + 0.5) / count) * size;
        while (at + 1 < centres.length && centres[at + 1] <= place) at += 1;
        while (inside + 1 < starts.length && starts[inside + 1] <= place) inside += 1;
        cell[i] = inside;
        const outside = place < low || place >= high;
        index[i] = outside ? -1 : at;
        const gap = at + 1 < centres.length ? centres[at + 1] - centres[at] : 0;
        share[i] = gap > 0 && place > centres[at] ? (place - centres[at]) / gap : 0;
    }
    return { index, share, cell };
}

/** A tile's map as pixels: calls `paint(pixelIndex, value)` for each pixel of a `width` × `height` raster it covers. */
export function rasterise(tile, values, image, width, height, smooth, paint) {
    const top = Array.from({ length: tile.cols }, (_, c) => columnBox(tile, c));
    const side = Array.from({ length: tile.rows }, (_, r) => rowBox(tile, r));
    const xs = axisSamples(top.map((b) => b[0]), top.map((b) => b[1]), image.width, width);
    const ys = axisSamples(side.map((b) => b[0]), side.map((b) => b[1]), image.height, height);
    const at = (r, c) => values[tile.first + r * tile.cols + c];
    for (let y = 0; y < height; y += 1) {
        const r = ys.index[y];
        if (r < 0) continue;
        const r1 = Math.min(r + 1, tile.rows - 1);
        for (let x = 0; x < width; x += 1) {
            const c = xs.index[x];
            if (c < 0) continue;
            const c1 = Math.min(c + 1, tile.cols - 1);
            if (smooth) {
                const upper = at(r, c) + xs.share[x] * (at(r, c1) - at(r, c));
                const lower = at(r1, c) + xs.share[x] * (at(r1, c1) - at(r1, c));
                paint(y * width + x, upper + ys.share[y] * (lower - upper));
            } else {
                paint(y * width + x, at(ys.cell[y], xs.cell[x]));
            }
        }
    }
}

/** Extent of column `c` along x: the widest of its boxes, as rows in the padding may be empty. */
function columnBox(tile, c) {
    return widest(tile, (r) => tile.boxes[r * tile.cols + c], tile.rows, 0, 2);
}

function rowBox(tile, r) {
    return widest(tile, (c) => tile.boxes[r * tile.cols + c], tile.cols, 1, 3);
}

function widest(tile, box, count, from, to) {
    let best = [box(0)[from], box(0)[to]];
    for (let i = 1; i < count; i += 1) {
        const extent = [box(i)[from], box(i)[to]];
        if (extent[1] - extent[0] > best[1] - best[0]) best = extent;
    }
    return best;
}
