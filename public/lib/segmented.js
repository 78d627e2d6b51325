import { el } from "./dom.js";

/** A row of exclusive choices as radio buttons: `{node, update(value)}`. `choices` is `[[value, label, hint?]]`. */
export function segmented(name, label, choices, onChoose) {
    const inputs = choices.map(([value]) =>
        el("input", { type: "radio", name, value, class: "visually-hidden", on: { change: () => onChoose(value) } }));
    const node = el("div", { class: "segmented", role: "radiogroup", "aria-label": label },
        choices.map(([, text, hint], i) => el("label", { title: hint }, inputs[i], el("span", {}, text))));
    return {
        node,
        update: (value) => choices.forEach(([choice], i) => { inputs[i].checked = choice === value; }),
    };
}
