import { columnPositions, imageTiles } from "./geometry.js";

/** Request bodies for the questions that the page can ask. Decoding is greedy, so every route gives the same answer. */

/** The chat body for a question about pictures. */
export function chatBody({ question, images, maxTokens }) {
    const pictures = images.map((image) => ({ type: "image_url", image_url: { url: image.imageId } }));
    return {
        messages: [{ role: "user", content: [...pictures, { type: "text", text: question }] }],
        max_tokens: maxTokens,
        temperature: 0,
    };
}

/** The attention probe for a run; `head` is "mean", "max" or a head's number. */
export function attentionBody(run, head, interventions = []) {
    return {
        ...chatBody(run),
        encoding: "base64",
        ...(interventions.length > 0 ? { interventions } : {}),
        attention: {
            rows: "generated", layers: "all", columns: "image", normalize: "none",
            heads: typeof head === "number" ? [head] : head,
        },
    };
}

/** One knockout with the first answer token as the scored target. */
export function knockoutBody(run, name, interventions) {
    const target = run.tokens[0]?.trim();
    return {
        ...chatBody(run),
        knockouts: [{ name, interventions }],
        ...(target ? { score: { targets: [target], top_k: 5 } } : {}),
    };
}

/** The intervention that the knockout panel describes. */
export function intervention(run, choice, region) {
    const layers = layerSelector(choice);
    if (choice.source !== "region") return { kind: "attention_knockout", preset: choice.source, layers };
    return {
        kind: "attention_knockout", from: regionSpan(run.layout, region), to: receivers[choice.receivers].span, layers,
    };
}

/** Who loses sight of a region. The prompt's last position produces the first answer token, so the answer holds it. */
export const receivers = {
    answer: { label: "the answer", span: { union: ["last", "generated"] } },
    question: { label: "the prompt’s text", span: "post_image" },
    both: { label: "both", span: { union: ["post_image", "generated"] } },
};

/**
 * A region's patches as a span. Rows and columns say it best, but they name a patch only where one picture
 * is one grid; otherwise its positions in the sequence do.
 */
export function regionSpan(layout, region) {
    if (layout.images.length === 1 && layout.images[0].tiles.length === 1) {
        const [tile] = imageTiles(layout, 0);
        return { patches: region.columns.map((c) => [Math.floor(c / tile.cols), c % tile.cols]) };
    }
    return columnPositions(layout, region.columns);
}

function layerSelector({ layers, from, window }) {
    if (layers === "from") return { from };
    if (layers === "window") return { window: [Math.min(...window), Math.max(...window)] };
    return layers;
}
