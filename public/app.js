import { initialState, reduce } from "./state.js";
import { Server } from "./lib/api.js";
import { Actions } from "./actions.js";
import { listenForKeys } from "./keyboard.js";
import { mountHeader } from "./components/header.js";
import { mountStage } from "./components/stage.js";
import { mountDepth } from "./components/depth.js";
import { mountDisplay } from "./components/display.js";
import { mountAnswer } from "./components/answer.js";
import { mountKnockout } from "./components/knockout.js";
import { mountComposer } from "./components/composer.js";

/** Mounts every component once; after each event, all of them are updated in the next frame. */
let state = initialState;
let scheduled = false;
const updates = [];

function dispatch(event) {
    const next = reduce(state, event);
    if (next === state) return;
    state = next;
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
        scheduled = false;
        for (const update of updates) update(state);
    });
}

const actions = new Actions(new Server(), () => state, dispatch);
const place = (id) => document.getElementById(id);

updates.push(
    mountHeader(place("header"), dispatch, actions),
    mountStage(place("stage"), dispatch, actions, () => state),
    mountDepth(place("depth"), dispatch),
    mountDisplay(place("display"), dispatch, actions),
    mountAnswer(place("answer"), dispatch, actions),
    mountKnockout(place("knockout"), dispatch, actions),
    mountComposer(place("composer"), dispatch, actions),
);
for (const update of updates) update(state);
listenForKeys(dispatch);
actions.connect();
