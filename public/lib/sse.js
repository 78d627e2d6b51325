/**
 * Incremental reader of `text/event-stream` text: feed chunks as they arrive, get the data of whole events.
 * Only `data` fields matter to Fovea's streams; comments and other fields are skipped, as WHATWG HTML §9.2.6 says.
 */
export class EventStreamReader {
    #rest = "";
    #data = [];

    /** Returns the data strings of all events that `text` completes. */
    push(text) {
        const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
        this.#rest = lines.pop();
        const events = [];
        for (const line of lines) {
            if (line === "") {
                if (this.#data.length > 0) events.push(this.#data.join("\n"));
                this.#data = [];
            } else if (line.startsWith("data:")) {
                this.#data.push(line.slice(line[5] === " " ? 6 : 5));
            }
        }
        return events;
    }
}
