import { shownProbe } from "../state.js";
import { attentionMap, colourScale, tokenMaps } from "./maps.js";
import { selectedLayers } from "./layers.js";

let last = { inputs: [], result: null };

/**
 * The map on show and the two ends of its colour scale, `{map, scale}`, or null while there is none. The scale spans
 * all pictures of a question, so that they compare. The last result is kept: several components ask for it.
 */
export function shownMap(state) {
    const probe = shownProbe(state);
    const maps = probe?.maps[state.view.head];
    if (!maps || maps.shape[0] === 0 || probe.token >= maps.shape[0]) return null;
    const inputs = [maps, probe.token, state.view];
    if (inputs.some((input, i) => input !== last.inputs[i])) last = { inputs, result: measure(...inputs) };
    return last.result;
}

function measure(maps, token, view) {
    const layers = selectedLayers(view, maps.shape[1]);
    const map = attentionMap(maps, token, layers);
    return { map, scale: colourScale(map, () => tokenMaps(maps, layers), view) };
}
