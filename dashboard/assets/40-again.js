// What to send when a command is given again whose answer was lost: the same body with the same key, so that the server does it once.
(() => {
  "use strict";
  const FOR_MS = 10 * 60 * 1000; // a later command of the same words is another command
  const LOOKED_AT = ["expected", "recommended", "basis"]; // what the screen showed then; it may have moved on since
  const nameOf = (path, body) => `${path} ${JSON.stringify(Object.entries(body).filter(([name]) => !LOOKED_AT.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1)))}`;

  /** `key` makes a new key, `now` tells milliseconds that never go back. */
  globalThis.gridcommandAgain = (key, now) => {
    const unanswered = new Map(); // command -> {body, since}
    return {
      /** The body to send: with a key of its own, or all of it as it was sent before where nobody knows what became of it. */
      body(path, body) {
        const lost = unanswered.get(nameOf(path, body));
        return lost && now() - lost.since < FOR_MS ? lost.body : { ...body, key: key() };
      },
      /** The answer to what was sent: `status` of a refusal, undefined without one, 200 when it was done. */
      answered(path, sent, status) {
        const { key: _, ...body } = sent;
        const name = nameOf(path, body);
        if (status === undefined || status >= 500) unanswered.set(name, { body: sent, since: unanswered.get(name)?.since ?? now() });
        else unanswered.delete(name);
      },
    };
  };
})();
