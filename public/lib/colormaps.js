/**
 * Colour maps: a value in 0…1 to RGBA bytes. The perceptual ones are sampled from matplotlib's public-domain tables;
 * `spotlight` darkens what gets no attention instead of colouring what does.
 */
const anchors = {
    magma: ["#000004", "#1d1147", "#51127c", "#832681", "#b73779", "#e75263", "#fc8961", "#fec488", "#fcfdbf"],
    inferno: ["#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4"],
    viridis: ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"],
};

export const colormapNames = ["magma", "inferno", "viridis", "spotlight"];

const steps = 256;
const tables = new Map();

/** 256 RGBA quadruples, from value 0 to value 1. */
export function colormapTable(name) {
    if (!tables.has(name)) tables.set(name, name === "spotlight" ? spotlight() : interpolated(anchors[name]));
    return tables.get(name);
}

function spotlight() {
    const table = new Uint8ClampedArray(4 * steps);
    for (let i = 0; i < steps; i += 1) {
        const dark = 1 - i / (steps - 1);
        table.set([10, 9, 12, 255 * dark ** 1.5], 4 * i);
    }
    return table;
}

function interpolated(colours) {
    const points = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
    const table = new Uint8ClampedArray(4 * steps);
    for (let i = 0; i < steps; i += 1) {
        const place = (i / (steps - 1)) * (points.length - 1);
        const low = Math.min(Math.floor(place), points.length - 2);
        const mixed = points[low].map((value, channel) => value + (place - low) * (points[low + 1][channel] - value));
        // Low values stay partly clear, so that the picture can still be read beneath them.
        table.set([...mixed, 255 * (0.22 + 0.78 * (i / (steps - 1)) ** 0.7)], 4 * i);
    }
    return table;
}
