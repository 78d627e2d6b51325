import { colormapTable } from "./colormaps.js";
import { rasterise } from "./geometry.js";
import { onScale } from "./maps.js";

/** Longest side of the heat map's raster in pixels; the browser scales it to the screen. */
const longestSide = 640;

/** Draws `map` over the whole picture: values are interpolated first and coloured then, so no false colours appear. */
export function drawHeat(canvas, tiles, map, scale, image, { colormap, smooth }) {
    const shrink = Math.min(1, longestSide / Math.max(image.width, image.height));
    const width = Math.max(1, Math.round(image.width * shrink));
    const height = Math.max(1, Math.round(image.height * shrink));
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(width, height);
    const table = colormapTable(colormap);
    for (const tile of tiles) {
        rasterise(tile, map, image, width, height, smooth, (at, value) => {
            const from = 4 * Math.round(255 * onScale(value, scale));
            pixels.data.set(table.subarray(from, from + 4), 4 * at);
        });
    }
    context.putImageData(pixels, 0, 0);
}

/** Fades what the model was not shown, and outlines the chosen patches and the hovered one. */
export function drawMarks(canvas, tiles, chosen, hovered, image) {
    const { clientWidth, clientHeight } = canvas;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    if (!image) return;
    const context = canvas.getContext("2d");
    context.scale(canvas.width / image.width, canvas.height / image.height);
    const pixel = image.width / Math.max(1, clientWidth);
    fadeUnseen(context, tiles, image, getComputedStyle(canvas).getPropertyValue("--stage"));
    const box = (column) => {
        const tile = tiles.find((t) => column >= t.first && column < t.first + t.boxes.length);
        return tile?.boxes[column - tile.first];
    };
    for (const column of chosen) {
        const [x0, y0, x1, y1] = box(column) ?? [0, 0, 0, 0];
        context.fillStyle = "rgba(64, 156, 255, 0.35)";
        context.fillRect(x0, y0, x1 - x0, y1 - y0);
        outline(context, [x0, y0, x1, y1], pixel, "#9fd0ff");
    }
    if (hovered) outline(context, hovered.box, 2 * pixel, "#ffffff");
}

function fadeUnseen(context, tiles, image, colour) {
    const seen = new Path2D();
    seen.rect(0, 0, image.width, image.height);
    const boxes = tiles.flatMap((tile) => tile.boxes);
    const [left, top] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [right, bottom] = [2, 3].map((side) => Math.max(...boxes.map((box) => box[side])));
    seen.rect(left, top, right - left, bottom - top);
    context.globalAlpha = 0.72;
    context.fillStyle = colour;
    context.fill(seen, "evenodd");
    context.globalAlpha = 1;
}

// A dark line under the light one keeps the outline visible on any picture.
function outline(context, [x0, y0, x1, y1], width, colour) {
    for (const [line, style] of [[2 * width, "rgba(0, 0, 0, 0.55)"], [width, colour]]) {
        context.lineWidth = line;
        context.strokeStyle = style;
        context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
}
