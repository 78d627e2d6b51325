/**
 * Layer presets as fractions of depth [from, to): the windows that papers on vision-language models name.
 * The first layer rounds half up, and a window holds at least one layer.
 */
export const layerPresets = [
    { name: "early", from: 0, to: 0.31 },
    { name: "early-mid", from: 0.16, to: 0.47 },
    { name: "mid", from: 0.34, to: 0.66 },
    { name: "mid-late", from: 0.47, to: 0.78 },
    { name: "late", from: 0.66, to: 1 },
];

/** Inclusive `[first, last]` of a preset in a model of `count` layers. */
export function presetWindow(preset, count) {
    const first = Math.min(Math.floor(preset.from * count + 0.5), count - 1);
    const end = Math.max(Math.floor(preset.to * count + 0.5), first + 1);
    return [first, end - 1];
}

/** Inclusive `[first, last]` that the view shows: one layer, or a range whose mean is taken. */
export function selectedLayers(view, count) {
    const clamp = (layer) => Math.max(0, Math.min(count - 1, layer));
    if (view.layerMode === "one") return [clamp(view.layer), clamp(view.layer)];
    const [a, b] = view.range;
    return [clamp(Math.min(a, b)), clamp(Math.max(a, b))];
}

/** How a person reads a window: "layer 7" or "layers 4 to 12". */
export function describeLayers([first, last]) {
    return first === last ? `layer ${first}` : `layers ${first} to ${last}`;
}
