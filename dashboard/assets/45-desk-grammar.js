// The grammar of the command line: a text and what is known (verbs, units, cases, owners …) in, a command or its fault out.
// Pure: no page, no server, so that it is tested by itself (dashboard/browser/test/grammar.test.ts).
(() => {
  "use strict";
  const QUOTES = { '"': '"', "'": "'", "“": "”", "「": "」" };
  const SPAN = /^(?:\d+(?:\.\d+)?\s*[a-z\u4e00-\u9fff]+\s*)+$/i;
  const AMOUNT = /^\d+(?:\.\d+)?$/;
  /** What could only be meant as a number of a case: it has a digit and nothing a sentence has. */
  const NUMBERED = /^#?(?=[^\s]*\d)[\w.:#/-]{3,}$/;

  /** The words of a line with where they stand; what is in quotes is one word. An open quote ends with the line. */
  function split(text) {
    const out = [];
    let at = 0;
    while (at < text.length) {
      if (/\s/.test(text[at])) {
        at++;
        continue;
      }
      const start = at;
      const close = QUOTES[text[at]];
      if (close) {
        const end = text.indexOf(close, at + 1);
        const stop = end < 0 ? text.length : end;
        out.push({ word: text.slice(at + 1, stop), start, end: end < 0 ? stop : stop + 1, quoted: true, closed: end >= 0 });
        at = end < 0 ? stop : stop + 1;
        continue;
      }
      while (at < text.length && !/\s/.test(text[at])) at++;
      out.push({ word: text.slice(start, at), start, end: at, quoted: false });
    }
    return out;
  }

  const low = (text) => String(text ?? "").toLowerCase();
  /** How well a word names a thing: 0 its id, 1 a name, 2 begins the id, 3 begins a name, 4 a part of the id, 5 of a name; -1 not at all. */
  function fits(word, item) {
    const part = low(word);
    const id = low(item.id);
    const names = (item.names ?? []).map(low);
    if (id === part) return 0;
    if (names.includes(part)) return 1;
    if (id.startsWith(part)) return 2;
    if (names.some((name) => name.startsWith(part))) return 3;
    if (id.includes(part)) return 4;
    return names.some((name) => name.includes(part)) ? 5 : -1;
  }
  /** Those of `items` that the word may mean, best first; `rank` of the items decides between equals, then their id. */
  function matching(word, items, most = Infinity) {
    const found = [];
    for (const item of items) {
      const fit = word ? fits(word, item) : 0;
      if (fit >= 0) found.push({ item, fit });
    }
    found.sort((a, b) => a.fit - b.fit || (a.item.rank ?? 0) - (b.item.rank ?? 0) || (a.item.id < b.item.id ? -1 : 1));
    return found.slice(0, most).map(({ item }) => item);
  }
  /** The one thing that the word means: {item}, or {none} or {many: [...]}. A part is enough where only one thing has it. */
  function resolve(word, items, byName = true) {
    const found = { 0: [], 1: [], 2: [], 3: [], 4: [], 5: [] };
    for (const item of items) {
      const fit = fits(word, item);
      if (fit >= 0 && (byName || fit % 2 === 0)) found[fit].push(item);
    }
    for (const exact of [found[0], found[1]]) {
      if (exact.length === 1) return { item: exact[0] };
      if (exact.length) return { many: exact };
    }
    const all = [...found[2], ...found[3], ...found[4], ...found[5]];
    if (all.length === 1) return { item: all[0] };
    return all.length ? { many: all } : { none: true };
  }

  /** The verb at the beginning; a Chinese one needs no space behind it. */
  function verbOf(tokens, verbs) {
    const first = tokens[0];
    if (!first) return {};
    const named = resolve(first.word, verbs);
    if (named.item) return { verb: named.item, rest: tokens.slice(1) };
    if (named.none) {
      const glued = verbs
        .flatMap((verb) => verb.names.map((name) => ({ verb, name })))
        .filter(({ name }) => /^[\u4e00-\u9fff]+$/.test(name) && first.word.startsWith(name))
        .sort((a, b) => b.name.length - a.name.length)[0];
      if (glued) {
        const cut = first.start + glued.name.length;
        return { verb: glued.verb, rest: [{ word: first.word.slice(glued.name.length), start: cut, end: first.end, quoted: false }, ...tokens.slice(1)] };
      }
    }
    return { fault: named.many ? { key: "line.many", values: { what: "line.slot.verb", word: first.word, n: named.many.length } } : { key: "line.no_verb", values: { word: first.word } } };
  }

  /** What a slot means where nothing is said for it, "" where something must be. */
  const usualOf = (world, slot, values) => (slot.usual === false ? "" : world.usual?.(slot, values) ?? "");
  const fault = (key, slot, values) => ({ key, slot: slot.name, values: { what: `line.slot.${slot.said ?? slot.kind}`, ...values } });

  /**
   * Read a line. `world.verbs` are {id, names, slots}; a slot is {name, kind, optional, rest, several}. `world.items(kind, values)`
   * gives what a slot can be filled with, `world.usual(slot, values)` what it is where nothing is said (the case in hand).
   * Returns {verb, values, texts, problem, open: slots that come next, partial: the word that is being written}.
   * `caret`: only what is before it is read, and the word at it counts as unfinished.
   */
  function parse(text, world, caret = null) {
    const line = caret === null ? text : text.slice(0, caret);
    const tokens = split(line);
    const last = tokens.at(-1);
    const writing = caret !== null && last && last.end === line.length && !last.closed;
    const partial = writing ? last : { word: "", start: line.length, end: line.length, quoted: false };
    const done = writing ? tokens.slice(0, -1) : tokens;
    const out = { verb: null, values: {}, shown: {}, problem: null, open: [], partial };
    if (!done.length) {
      out.open = [{ name: "verb", kind: "verb" }];
      if (caret === null) out.problem = { key: "line.empty", values: {} };
      // A Chinese verb and what follows without a space.
      if (writing) {
        const glued = verbOf(tokens, world.verbs);
        if (glued.verb && glued.rest.length === 1) {
          out.open = [];
          return fill(out, glued.verb, [], glued.rest[0], world, line);
        }
      }
      return out;
    }
    const { verb, rest, fault: bad } = verbOf(done, world.verbs);
    if (bad) {
      out.problem = bad;
      return out;
    }
    return fill(out, verb, rest, partial, world, line);
  }

  function fill(out, verb, rest, partial, world, line) {
    out.verb = verb;
    out.partial = partial;
    const tokens = [...rest];
    const take = (slot, value, shown) => {
      out.values[slot.name] = value;
      out.shown[slot.name] = shown;
    };
    // `photo=…` may stand anywhere.
    for (let i = tokens.length - 1; i >= 0; i--) {
      const named = /^([a-z][a-z0-9_-]*)=(.+)$/.exec(tokens[i].quoted ? "" : tokens[i].word);
      if (!named || !verb.keys?.includes(named[1])) continue;
      out.values[named[1]] = named[2];
      out.shown[named[1]] = { id: tokens[i].word, names: [] };
      tokens.splice(i, 1);
    }
    let at = 0;
    for (; at < verb.slots.length; at++) {
      const slot = verb.slots[at];
      const token = tokens[0];
      const usual = usualOf(world, slot, out.values);
      const skip = slot.optional || !!usual;
      if (!token) {
        if (usual) take(slot, slot.several ? [usual] : usual, world.items(slot.kind, out.values).find((it) => it.id === usual) ?? { id: usual, names: [] });
        out.open.push(slot);
        if (!skip && !out.problem) out.problem = fault("line.missing", slot, {});
        continue;
      }
      if (slot.kind === "text") {
        const words = tokens.length === 1 && token.quoted ? token.word : line.slice(token.start, Math.max(token.end, tokens.at(-1).end)).trim();
        // What `photo=…` took out of the middle stays out.
        const said = tokens.length > 1 && tokens.some((it, i) => i && line.slice(tokens[i - 1].end, it.start).trim()) ? tokens.map((it) => it.word).join(" ") : words;
        take(slot, said, { id: said, names: [] });
        tokens.length = 0;
        continue;
      }
      if (slot.kind === "span") {
        const joined = tokens[1] && AMOUNT.test(token.word) ? `${token.word} ${tokens[1].word}` : token.word;
        if (SPAN.test(joined)) {
          take(slot, joined, { id: joined, names: [] });
          tokens.splice(0, joined === token.word ? 1 : 2);
        } else if (!skip) out.problem ??= fault("line.span", slot, { word: token.word });
        continue;
      }
      if (slot.kind === "point") {
        const point = /^@(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(token.word);
        if (point || /^@(?:map|地图)$/.test(token.word)) {
          take(slot, point ? { lon: Number(point[1]), lat: Number(point[2]) } : "map", { id: token.word, names: [] });
          tokens.shift();
        }
        continue;
      }
      const items = world.items(slot.kind, out.values);
      // A quoted word is never a number of a case, and a word of a sentence is not taken for one.
      const isCase = slot.kind === "case";
      if (isCase && skip && (token.quoted || !NUMBERED.test(token.word)) && !items.some((it) => low(it.id) === low(token.word))) {
        if (usual) take(slot, usual, items.find((it) => it.id === usual) ?? { id: usual, names: [] });
        continue;
      }
      // Words where a case was to be named, and none is in hand: that is what is missing, not a case of that name.
      if (isCase && !skip && slot.usual !== false && (token.quoted || !NUMBERED.test(token.word)) && resolve(token.word.replace(/^#/, ""), items, false).none) {
        out.problem ??= fault("line.choose", slot, {});
        continue;
      }
      const words = slot.several ? token.word.split(/[,，、]/).filter(Boolean) : [isCase ? token.word.replace(/^#/, "") : token.word];
      const found = words.map((word) => ({ word, ...resolve(word, items, !isCase) }));
      const wrong = found.find((it) => !it.item);
      if (!wrong) {
        take(slot, slot.several ? found.map((it) => it.item.id) : found[0].item.id, slot.several ? { id: found.map((it) => it.item.id).join(","), names: [], items: found.map((it) => it.item) } : found[0].item);
        tokens.shift();
        continue;
      }
      if (skip && !isCase) {
        if (usual) take(slot, slot.several ? [usual] : usual, items.find((it) => it.id === usual) ?? { id: usual, names: [] });
        continue;
      }
      out.problem ??= fault(wrong.many ? "line.many" : "line.none", slot, { word: wrong.word, n: wrong.many?.length ?? 0, some: (wrong.many ?? []).slice(0, 3).map((it) => it.id).join(", ") });
      tokens.shift();
    }
    if (tokens.length) out.problem ??= { key: "line.extra", values: { word: tokens.map((it) => it.word).join(" ") } };
    for (const key of verb.keys ?? []) if (!(key in out.values) && verb.needs?.includes(key)) out.problem ??= { key: "line.missing", values: { what: "line.slot.evidence", word: `${key}=…` } };
    // What may be written now: the slots up to the first that cannot be left out.
    const stop = out.open.findIndex((slot) => !slot.optional && !usualOf(world, slot, out.values));
    if (stop >= 0) out.open.length = stop + 1;
    return out;
  }

  /** What can stand at the caret: [{kind, item, start, end}], best first. What must be said comes before what may be left out. */
  function complete(text, caret, world, most = 9) {
    const read = parse(text, world, caret);
    if (read.problem && !read.open.length) return [];
    const { partial } = read;
    const cut = partial.quoted ? partial.word : partial.word.split(/[,，、]/).at(-1);
    const at = { start: partial.quoted ? partial.start : partial.start + partial.word.length - cut.length, end: partial.end };
    const word = read.open.some((slot) => slot.kind === "case") ? cut.replace(/^#/, "") : cut;
    // What has a value already where nothing is said (the case in hand) comes last.
    const place = (slot) => (usualOf(world, slot, read.values) ? 2 : slot.optional ? 1 : 0);
    const slots = [...read.open].sort((a, b) => place(a) - place(b));
    const out = [];
    for (const slot of slots) {
      if (slot.kind === "text" || slot.kind === "span" || slot.kind === "point") continue;
      const items = slot.kind === "verb" ? world.verbs : world.items(slot.kind, read.values);
      for (const item of matching(word, items, most - out.length)) out.push({ kind: slot.kind, item, ...at });
    }
    return out;
  }
  /** The line with a completion put in its place, and where the caret stands then. */
  function put(text, choice, words) {
    const said = /\s/.test(words) ? `"${words}"` : words;
    const before = text.slice(0, choice.start);
    const after = text.slice(choice.end).replace(/^\s+/, "");
    const head = `${before}${before && !/[\s,，、]$/.test(before) ? " " : ""}${said} `;
    return { text: head + after, caret: head.length };
  }

  globalThis.gridcommandGrammar = { split, fits, matching, resolve, parse, complete, put };
})();
