import { selectedLayers } from "./layers.js";

/**
 * Reductions of attention maps. `attention.maps` has shape [rows, layers, columns] (a head axis of one is dropped when
 * the answer is read); its values are attention probabilities, so a row sums to the mass on the image.
 */

/** Mean over layers [first, last] of the map of token `token`, or of all tokens if `token` is null: Float32Array. */
export function attentionMap(maps, token, [first, last]) {
    const [rows, layers, columns] = maps.shape;
    const result = new Float32Array(columns);
    const [from, to] = token === null ? [0, rows - 1] : [token, token];
    const weight = 1 / ((to - from + 1) * (last - first + 1));
    for (let r = from; r <= to; r += 1) {
        for (let l = first; l <= last; l += 1) {
            const start = (r * layers + l) * columns;
            for (let c = 0; c < columns; c += 1) result[c] += maps.data[start + c] * weight;
        }
    }
    return result;
}

/** Drops a head axis of length one: [rows, layers, 1, columns] to [rows, layers, columns]. */
export function withoutHeadAxis(maps) {
    if (maps.shape.length === 4 && maps.shape[2] === 1) {
        return { shape: [maps.shape[0], maps.shape[1], maps.shape[3]], data: maps.data };
    }
    return maps;
}

/** The value below which `share` of `values` lie (nearest rank). */
export function quantile(values, share) {
    if (values.length === 0) return 0;
    const sorted = Float32Array.from(values).sort();
    return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))];
}

/**
 * The values at the two ends of the colour scale.
 * "map": least to greatest of this map; "answer": 0 to the greatest of all tokens' maps at the same layers.
 * `clip` ends the scale at the 99th percentile instead, so that a few sink patches do not swallow it.
 */
export function colourScale(map, answerMaps, { normalise, clip }) {
    const top = (values) => (clip ? quantile(values, 0.99) : values.reduce((a, b) => Math.max(a, b), 0));
    if (normalise === "map") {
        return [map.reduce((a, b) => Math.min(a, b), Infinity), top(map)];
    }
    return [0, answerMaps().reduce((greatest, values) => Math.max(greatest, top(values)), 0)];
}

/** `value` on a scale, 0…1; a scale without width shows everything at its low end rather than dividing by zero. */
export function onScale(value, [low, high]) {
    if (!(high > low)) return 0;
    return Math.max(0, Math.min(1, (value - low) / (high - low)));
}

/** Every token's map at the shown layers. */
export function tokenMaps(maps, layers) {
    return Array.from({ length: maps.shape[0] }, (_, token) => attentionMap(maps, token, layers));
}

/** Attention mass per layer on one kind of token, for one answer token or (null) the mean of all: [layers]. */
export function massByLayer(fraction, token) {
    const [rows, layers] = fraction.shape;
    return attentionMap({ shape: [rows, 1, layers], data: fraction.data }, token, [0, 0]);
}

/** Mass on the image of every token at the shown layers, for tinting the words. */
export function imageMassByToken(fraction, view) {
    const [rows, layers] = fraction.shape;
    const [first, last] = selectedLayers(view, layers);
    return Array.from({ length: rows }, (_, token) => {
        let sum = 0;
        for (let l = first; l <= last; l += 1) sum += fraction.data[token * layers + l];
        return sum / (last - first + 1);
    });
}
