import { el, setText } from "../lib/dom.js";
import { activeRun } from "../state.js";
import { colormapNames, colormapTable } from "../lib/colormaps.js";
import { shownMap } from "../lib/shown.js";
import { segmented } from "../lib/segmented.js";

/** How the map is shown: heads, colours, scale, opacity; with the colour scale's legend. Returns `update(state)`. */
export function mountDisplay(root, dispatch, actions) {
    const change = (view) => dispatch({ type: "viewChanged", view });
    const heads = headChoice(actions);
    const colours = el("select", { id: "colormap", on: { change: () => change({ colormap: colours.value }) } },
        colormapNames.map((name) => el("option", { value: name }, name)));
    const scale = segmented("normalise", "Colour scale", [
        ["map", "Per map", "Colours span this map’s own least to greatest value"],
        ["answer", "Fixed", "One scale for all tokens of the answer, so that maps compare"],
    ], (normalise) => change({ normalise }));
    const opacity = el("input", { type: "range", id: "opacity", min: 0, max: 1, step: 0.05,
        on: { input: () => change({ opacity: Number(opacity.value) }) } });
    const overlay = checkbox("Overlay", "Show the heat map (Space)", () => dispatch({ type: "overlayToggled" }));
    const smooth = checkbox("Smooth", "Interpolate between patches", (on) => change({ smooth: on }));
    const clip = checkbox("Clip outliers",
        "End the scale at the 99th percentile, so that a few sink patches do not swallow it",
        (on) => change({ clip: on }));
    const legend = colourLegend();
    root.append(
        el("div", { class: "scale" }, legend.node, scale.node, clip.node),
        el("div", { class: "controls" },
            overlay.node, smooth.node, field("Opacity", "opacity", opacity),
            field("Heads", "head", heads.node), field("Colours", "colormap", colours)));

    return (state) => {
        root.hidden = state.images.length === 0;
        if (root.hidden) return;
        heads.update(state);
        colours.value = state.view.colormap;
        scale.update(state.view.normalise);
        if (document.activeElement !== opacity) opacity.value = state.view.opacity;
        overlay.input.checked = state.view.overlay;
        smooth.input.checked = state.view.smooth;
        clip.input.checked = state.view.clip;
        legend.update(state);
    };
}

function field(label, id, control) {
    return el("div", { class: "field" }, el("label", { class: "label", for: id }, label), control);
}

function checkbox(label, hint, onChange) {
    const input = el("input", { type: "checkbox", on: { change: () => onChange(input.checked) } });
    return { input, node: el("label", { class: "check", title: hint }, input, label) };
}

function headChoice(actions) {
    const node = el("select", { id: "head", on: { change: () => actions.chooseHead(fromOption(node.value)) } });
    let count = -1;
    return {
        node,
        update(state) {
            if (count !== state.model.heads) {
                count = state.model.heads;
                const single = Array.from({ length: count },
                    (_, head) => el("option", { value: head }, `head ${head}`));
                node.replaceChildren(el("option", { value: "mean" }, "mean"), el("option", { value: "max" }, "max"),
                    ...single);
            }
            node.value = state.view.head;
            node.disabled = activeRun(state)?.status !== "ready";
        },
    };
}

const fromOption = (value) => (value === "mean" || value === "max" ? value : Number(value));

/** The colour bar with the values at its ends. */
function colourLegend() {
    const canvas = el("canvas", { width: 256, height: 1, "aria-hidden": "true" });
    const low = el("span", { class: "end" });
    const high = el("span", { class: "end" });
    const node = el("div", { class: "legend", title: "Attention that one patch receives" }, low,
        el("div", { class: "ramp" }, canvas), high);
    let drawn = null;
    return {
        node,
        update(state) {
            if (drawn !== state.view.colormap) {
                drawn = state.view.colormap;
                canvas.getContext("2d").putImageData(new ImageData(colormapTable(drawn), 256, 1), 0, 0);
            }
            const shown = shownMap(state);
            setText(low, shown ? percent(shown.scale[0]) : "low");
            const clipped = state.view.clip && shown?.scale[1] > 0;
            setText(high, shown ? `${clipped ? "≥ " : ""}${percent(shown.scale[1])}` : "high");
        },
    };
}

const percent = (value) => (value < 0.0001 ? "0" : `${(100 * value).toPrecision(2)} %`);
