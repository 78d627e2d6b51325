import { el, icon, setText } from "../lib/dom.js";
import { activeRun, isBusy, shownProbe } from "../state.js";
import { imageTiles, patchAt, patchOf, strokeColumns } from "../lib/geometry.js";
import { drawHeat, drawMarks } from "../lib/heat.js";
import { shownMap } from "../lib/shown.js";

/** The picture with its heat map; also tabs of pictures, dropping, and choosing patches. Returns `update(state)`. */
export function mountStage(root, dispatch, actions, state) {
    const picker = el("input", { type: "file", accept: "image/*", multiple: true, class: "visually-hidden",
        tabindex: -1, "aria-label": "Choose pictures" });
    let adding = false;
    const pick = (add) => {
        adding = add;
        picker.value = "";
        picker.click();
    };
    picker.addEventListener("change", () => picker.files.length && actions.openImages(picker.files, { add: adding }));

    const tabs = el("div", { class: "tabs" });
    const empty = emptyState(pick, actions);
    const picture = el("img", { class: "picture", draggable: "false" });
    const heat = el("canvas", { class: "heat", "aria-hidden": "true" });
    const marks = el("canvas", { class: "marks", "aria-hidden": "true" });
    const frame = el("div", { class: "frame", role: "group", "aria-label": "Patches of the picture" }, picture, heat,
        marks);
    const readout = el("p", { class: "readout", "aria-live": "off" });
    const message = el("p", { class: "stage-message", role: "status" });
    const canvas = el("div", { class: "canvas" }, frame, readout, message);
    root.append(picker, tabs, canvas, empty.node);
    listenForDrops(root, actions);

    const view = { state: null, tiles: null, map: null, scale: null, image: null, index: -1, hovered: null };
    listenForPatches(frame, view, dispatch, () => { paintMarks(marks, view); describePatch(readout, view); });
    new ResizeObserver(() => {
        if (!view.state) return;
        fit(frame, canvas, picture, view.state);
        paintMarks(marks, view);
    }).observe(canvas);
    picture.addEventListener("load", () => { fit(frame, canvas, picture, state()); paintMarks(marks, view); });

    let shown = [];
    return (next) => {
        const run = activeRun(next);
        const image = next.images.find((entry) => entry.key === next.activeImage) ?? null;
        updateTabs(tabs, next, dispatch, pick);
        empty.update(next);
        empty.node.hidden = image !== null;
        canvas.hidden = image === null;
        tabs.hidden = image === null;
        if (image && picture.src !== image.url) {
            picture.src = image.url;
            picture.alt = image.name;
        }
        setText(message, stageMessage(image, run, next));
        const probe = shownProbe(next);
        const wanted = [probe?.maps, probe?.token, run?.layout, image, next.view, next.region, next.selecting];
        frame.hidden = image?.status === "failed";
        message.classList.toggle("failed", image?.status === "failed");
        view.state = next;
        followSelecting(frame, next.selecting);
        frame.classList.toggle("waiting", isBusy(run));
        if (wanted.every((value, i) => value === shown[i]) && shown.length > 0) return;
        shown = wanted;
        measure(view, next, run, image);
        paintHeat(heat, view);
        paintMarks(marks, view);
        describePatch(readout, view);
    };
}

/** While patches are chosen the picture takes the keyboard. */
function followSelecting(frame, selecting) {
    if (frame.classList.toggle("selecting", selecting) === frame.hasAttribute("tabindex")) return;
    if (!selecting) return frame.removeAttribute("tabindex");
    frame.tabIndex = 0;
    frame.focus({ preventScroll: true });
}

/** Works out the map on show, its scale and the patches it lies on. */
function measure(view, state, run, image) {
    view.index = run && image ? run.images.findIndex((entry) => entry.key === image.key) : -1;
    view.image = run?.layout && view.index >= 0 ? run.layout.images[view.index] : null;
    view.tiles = view.image ? imageTiles(run.layout, view.index) : null;
    const shown = view.image ? shownMap(state) : null;
    view.map = shown?.map ?? null;
    view.scale = shown?.scale ?? null;
}

function paintHeat(canvas, view) {
    const shows = view.map !== null && view.state.view.overlay;
    canvas.classList.toggle("shown", shows);
    if (shows) drawHeat(canvas, view.tiles, view.map, view.scale, view.image, view.state.view);
    canvas.style.opacity = shows ? String(view.state.view.opacity) : "0";
}

function paintMarks(canvas, view) {
    const region = view.state?.region;
    const columns = view.tiles && region?.image === view.index ? region.columns : [];
    drawMarks(canvas, view.tiles ?? [], columns, view.hovered, view.image);
}

function describePatch(readout, view) {
    const at = view.hovered;
    readout.hidden = !at || !view.map;
    if (readout.hidden) return;
    const value = view.map[at.column];
    const tile = view.tiles.length > 1 ? `${view.tiles[at.tile].name} · ` : "";
    // The reading keeps clear of the patch it is about.
    readout.classList.toggle("upper", at.box[1] > view.image.height / 2 && !view.state.selecting);
    setText(readout, `${tile}row ${at.row}, column ${at.col} · ${format(value)} of attention`);
}

const format = (value) => `${(100 * value).toPrecision(2)} %`;

/** Hovering names a patch; clicking or dragging chooses patches while a region is being selected. */
function listenForPatches(frame, view, dispatch, changed) {
    let painting = null;
    const find = (event) => {
        if (!view.tiles) return null;
        const box = frame.getBoundingClientRect();
        return patchAt(view.tiles, ((event.clientX - box.left) / box.width) * view.image.width,
            ((event.clientY - box.top) / box.height) * view.image.height);
    };
    const paint = (at) => at && dispatch({ type: "regionChosen", image: view.index,
        columns: strokeColumns(painting, at, view.tiles) });
    frame.addEventListener("pointermove", (event) => {
        const at = find(event);
        if (at?.column === view.hovered?.column) return;
        view.hovered = at;
        if (painting !== null) paint(at);
        changed();
    });
    frame.addEventListener("pointerdown", (event) => {
        const at = find(event);
        view.hovered = at;
        changed();
        if (!at || !view.state.selecting) return;
        event.preventDefault();
        const before = chosenColumns(view);
        painting = { anchor: at, before, on: !before.includes(at.column) };
        paint(at);
    });
    frame.addEventListener("pointerleave", () => { view.hovered = null; changed(); });
    window.addEventListener("pointerup", () => { painting = null; });
    frame.addEventListener("keydown", (event) => {
        if (!view.state.selecting || !view.tiles) return;
        if (event.key === "Escape") return dispatch({ type: "selectingToggled" });
        const at = moved(view.hovered, event.key, view.tiles);
        if (!at) return;
        event.preventDefault();
        view.hovered = at;
        if (event.key === " " || event.key === "Enter") {
            const before = chosenColumns(view);
            const stroke = { anchor: at, before, on: !before.includes(at.column) };
            dispatch({ type: "regionChosen", image: view.index, columns: strokeColumns(stroke, at, view.tiles) });
        }
        changed();
    });
}

function chosenColumns({ state: { region }, index }) {
    return region.image === index ? region.columns : [];
}

const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], " ": [0, 0],
    Enter: [0, 0] };

/** The patch that a key leads to from `at`, or from the middle of the picture where none is pointed at. */
function moved(at, key, tiles) {
    const step = steps[key];
    if (!step) return null;
    const [tile] = tiles;
    return patchOf(tiles, at?.tile ?? 0, (at?.row ?? tile.rows >> 1) + step[0], (at?.col ?? tile.cols >> 1) + step[1]);
}

/** Fits the picture into the room there is, keeping its shape. */
function fit(frame, room, picture, state) {
    if (!state.activeImage || !picture.naturalWidth || room.hidden) return;
    const scale = Math.min(room.clientWidth / picture.naturalWidth, room.clientHeight / picture.naturalHeight);
    frame.style.width = `${Math.floor(picture.naturalWidth * scale)}px`;
    frame.style.height = `${Math.floor(picture.naturalHeight * scale)}px`;
}

function stageMessage(image, run, state) {
    if (!image) return "";
    if (image.status === "uploading") return "Sending the picture…";
    if (image.status === "failed") return image.error;
    if (state.selecting) return "Drag over the patches to hide";
    if (run?.status === "ready" && !run.images.some((entry) => entry.key === image.key)) {
        return "This picture was added after the answer. Ask again to include it.";
    }
    if (run?.status === "ready" && run.tokens.length === 0) return "The answer is empty, so there is no map to show.";
    if (run?.loadingHead !== null && run?.loadingHead !== undefined) return "Reading attention for this head…";
    if (run?.headError) return run.headError;
    return "";
}

function updateTabs(root, state, dispatch, pick) {
    const signature = JSON.stringify([state.activeImage, state.images.map(({ key, status }) => [key, status])]);
    if (root.dataset.signature === signature) return;
    root.dataset.signature = signature;
    const tab = (image) => el("div",
        { class: "tab", data: { active: String(image.key === state.activeImage), status: image.status } },
        el("button", { type: "button", class: "tab-name", "aria-pressed": String(image.key === state.activeImage),
            on: { click: () => dispatch({ type: "imageShown", key: image.key }) } }, image.name),
        el("button", { type: "button", class: "tab-close", "aria-label": `Remove ${image.name}`,
            on: { click: () => dispatch({ type: "imageRemoved", key: image.key }) } }, icon("close")));
    root.replaceChildren(
        ...state.images.map(tab),
        el("button", { type: "button", class: "quiet", title: "Ask about several pictures at once",
            on: { click: () => pick(true) } }, icon("plus"), "Add"),
        el("button", { type: "button", class: "quiet push", on: { click: () => pick(false) } }, icon("image"),
            "New picture"));
}

function listenForDrops(root, actions) {
    const over = (on) => (event) => {
        event.preventDefault();
        root.classList.toggle("dropping", on);
    };
    for (const type of ["dragenter", "dragover"]) document.addEventListener(type, over(true));
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && over(false)(event));
    document.addEventListener("drop", (event) => {
        over(false)(event);
        if (event.dataTransfer.files.length > 0) actions.openImages(event.dataTransfer.files, { add: event.shiftKey });
    });
    document.addEventListener("paste", (event) => {
        const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
        if (files.length > 0) actions.openImages(files);
    });
}

/** What a newcomer sees: what to do, and pictures to try. */
function emptyState(pick, actions) {
    const list = el("div", { class: "examples" });
    const gallery = el("div", { class: "gallery" }, el("h2", {}, "or start with one of these"), list);
    const node = el("div", { class: "empty" },
        el("button", { type: "button", class: "drop", on: { click: () => pick(false) } },
            el("img", { src: "favicon.svg", alt: "", width: 56, height: 56 }),
            el("strong", {}, "Drop a picture here"),
            el("span", {}, "or click to choose one, or paste it")),
        gallery);
    let known = null;
    return {
        node,
        update(state) {
            gallery.hidden = state.examples.length === 0;
            if (known === state.examples) return;
            known = state.examples;
            list.replaceChildren(...known.slice(0, 24).map((example) => exampleButton(example, actions)));
        },
    };
}

function exampleButton(example, actions) {
    const name = example.caption ?? example.file;
    return el("button", { type: "button", class: "example", title: name,
        on: { click: () => actions.openExample(example) } },
        el("img", { src: `examples/${example.file}`, alt: name, loading: "lazy" }));
}
