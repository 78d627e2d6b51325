/**
 * Builds elements. Text goes in as text nodes and attributes as attributes, so no value is ever read as markup.
 * `properties`: `class`, `on` (event → handler), `data`, and attributes; `true` sets an empty attribute, false none.
 */
export function el(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    apply(node, properties);
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
}

/** As `el`, for SVG. */
export function svg(tag, properties = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    apply(node, properties);
    node.append(...children.flat());
    return node;
}

/** An icon from `icons/`, drawn in the text's colour; it has no name of its own. */
export const icon = (name) => el("span", { class: `icon icon-${name}`, "aria-hidden": "true" });

/** Sets text only if it differs, so that screen readers and selections are not disturbed. */
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

function apply(node, properties) {
    for (const [name, value] of Object.entries(properties)) {
        if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
        else if (name === "data") Object.assign(node.dataset, value);
        else if (value === true) node.setAttribute(name, "");
        else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
}
