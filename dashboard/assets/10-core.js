// Words, numbers, times, addresses and keyed lists: what every page script stands on. One global: `gc`.
(() => {
  "use strict";
  const boot = JSON.parse(document.getElementById("boot").textContent);
  for (const [lang, words] of Object.entries(boot.more ?? {})) Object.assign(boot.text[lang], words); // of this page alone
  const gc = (window.gc = { boot, lang: boot.lang, address: null, panel: null, offset: null });
  /** Id of the replay that this page shows, "" on a live one. It shows a past time then; the way out is another page. */
  gc.replay = new URLSearchParams(location.search).get("replay") ?? "";
  boot.past ||= !!gc.replay;
  /** The timeline that this page shows: "live", or that of an exercise, which all that it asks and commands is then about. */
  gc.timeline = new URLSearchParams(location.search).get("timeline") || "live";

  // --- words -------------------------------------------------------------------------------------------------
  gc.t = (key, values) => {
    const words = boot.text[gc.lang][key];
    if (words === undefined) return key;
    return values ? words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : words;
  };
  gc.has = (key) => key in boot.text[gc.lang];
  gc.word = (prefix, code) => (gc.has(`${prefix}.${code}`) ? gc.t(`${prefix}.${code}`) : String(code).replaceAll("_", " "));
  /** What the rules call something ({zh, en}), as it stands alone on a screen: in English with a capital. */
  gc.said = (thing, fallback) => {
    const words = (thing && (thing[gc.lang] || thing.zh || thing.en)) || fallback;
    return gc.lang === "en" && words ? words[0].toUpperCase() + words.slice(1) : words;
  };
  /** Several things in a row, as the language lists them; what is empty is left out. */
  gc.listed = (words) => words.filter(Boolean).join(gc.lang === "zh" ? "、" : ", ");
  /** A thing's name in the screen's language; what the source calls it where it gives only one. */
  gc.name = (thing, key = "name") => (gc.lang === "en" && thing[`${key}_en`]) || thing[key] || thing.code || thing.id || "";

  gc.speak = (root = document) => {
    for (const node of root.querySelectorAll("[data-i18n]")) {
      const words = gc.t(node.dataset.i18n);
      if (node.textContent !== words) node.textContent = words;
    }
    for (const node of root.querySelectorAll("[data-i18n-label]")) {
      const words = gc.t(node.dataset.i18nLabel);
      node.setAttribute("aria-label", words);
      if (node.matches("button, select, .stamps")) node.title = words;
      if (node.matches("input")) node.placeholder = words;
    }
  };
  gc.entitle = (words) => (document.title = words);
  gc.setLanguage = (lang) => {
    gc.lang = lang;
    formats.clear();
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.lang = lang;
    gc.entitle(`${gc.t("title")} · gridcommand`);
    gc.speak();
  };

  // --- names of categories ------------------------------------------------------------------------------------
  gc.categories = {};
  let categoriesAsked = -Infinity;
  /** The name of a category, of its group where it has none of its own; its code until the names are there. */
  gc.categoryName = (code) => {
    const names = gc.categories[code] ?? gc.categories[code?.slice(0, 2)];
    if (!names && code) gc.loadCategories();
    return names ? names[gc.lang] || names.zh : code;
  };
  /** Read the names, at most once a minute; `gc.onCategories` is told when there are some. */
  gc.loadCategories = async () => {
    if (performance.now() - categoriesAsked < 60_000) return;
    categoriesAsked = performance.now();
    gc.categories = await gc.api("/categories").catch(() => gc.categories);
    gc.onCategories?.();
  };
  /** What a matter is called: its title, else the name of its category. */
  gc.title = (row) => (gc.lang === "en" && row.title_en) || row.title || gc.categoryName(row.category) || row.id;

  /** When units went to an incident of which only its source tells, and it names none; null where they are on record, or nobody went. */
  gc.unnamed = ({ incident, records }) => {
    const known = incident.units.length || records.some((it) => ["unit.status", "incident.dispatched"].includes(it.kind));
    const { dispatch, on_scene } = records.findLast((it) => it.kind === "event")?.payload.times ?? {};
    return known ? null : dispatch ?? on_scene ?? null;
  };

  // --- numbers and times -------------------------------------------------------------------------------------
  /** What time it is: the server's clock, which a page shows everywhere. This screen's own may be wrong, or the past be shown. */
  gc.now = () => Date.now() + (gc.offset ?? 0);
  /** Seconds since a time of the data. */
  gc.since = (time) => (gc.now() - gc.ms(time)) / 1000;
  const formats = new Map();
  const cached = (key, make) => formats.get(key) ?? formats.set(key, make()).get(key);
  const locale = () => (gc.lang === "zh" ? "zh-CN" : "en-GB");
  gc.num = (n) => (n === null || n === undefined ? "–" : cached("n", () => new Intl.NumberFormat(locale())).format(n));
  gc.percent = (x) => cached("p", () => new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 })).format(x);
  const date = (key, options) => cached(key, () => new Intl.DateTimeFormat(locale(), { timeZone: boot.timezone, hourCycle: "h23", ...options }));
  gc.clock = (ms, seconds = true) =>
    date(seconds ? "hms" : "hm", { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) }).format(ms);
  gc.day = (ms) => date("day", { year: "numeric", month: gc.lang === "zh" ? "long" : "short", day: "numeric", weekday: gc.lang === "zh" ? "long" : "short" }).format(ms);
  gc.moment = (ms) => date("moment", { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
  /** 2020-04-14 18:00, in every language. */
  gc.minute = (ms) => {
    const options = { timeZone: boot.timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
    return cached("minute", () => new Intl.DateTimeFormat("sv-SE", options)).format(ms);
  };
  gc.zone = (ms) => {
    const part = new Intl.DateTimeFormat("en", { timeZone: boot.timezone, timeZoneName: "shortOffset" }).formatToParts(ms);
    return part.find((p) => p.type === "timeZoneName").value.replace("GMT", "UTC");
  };
  /** Milliseconds that, read as UTC, show the centre's local time: what a Plotly date axis needs. */
  gc.local = (ms) => {
    const sign = /UTC([+-])(\d+)(?::(\d+))?/.exec(cached(`z${Math.floor(ms / 3.6e6)}`, () => ({ z: gc.zone(ms) })).z);
    return sign ? ms + (sign[1] === "-" ? -1 : 1) * (Number(sign[2]) * 60 + Number(sign[3] ?? 0)) * 60_000 : ms;
  };
  gc.age = (seconds) => {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return gc.t("age.s", { n: s });
    if (s < 3600) return gc.t("age.m", { n: Math.floor(s / 60) });
    if (s < 172800) return gc.t("age.h", { n: Math.floor(s / 3600) });
    return gc.t("age.d", { n: Math.floor(s / 86400) });
  };
  gc.ms = (time) => (typeof time === "number" ? time : Date.parse(time));

  // --- elements ----------------------------------------------------------------------------------------------
  /** An element. `attrs`: class, text, data-…, aria-…, on<event>; children are elements or text. */
  gc.el = (tag, attrs = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attrs)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "text") node.textContent = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  gc.set = (node, words) => {
    if (node && node.textContent !== String(words)) node.textContent = words;
  };
  /** Bring a list's children in line with `items`: rows keep their element as long as their key lives. */
  gc.keyed = (host, items, key, make, update) => {
    const known = new Map();
    for (const child of [...host.children]) {
      if (child.dataset.key === undefined || known.has(child.dataset.key)) child.remove();
      else known.set(child.dataset.key, child);
    }
    let at = null;
    items.forEach((item, i) => {
      const id = String(key(item));
      let node = known.get(id);
      if (node) known.delete(id);
      else {
        node = make(item);
        node.dataset.key = id;
      }
      update(node, item, i);
      const next = at === null ? host.firstElementChild : at.nextElementSibling;
      if (next !== node) host.insertBefore(node, next);
      at = node;
    });
    for (const node of known.values()) node.remove();
  };
  /** A colour of the theme in force, by its name (dashboard/theme.py). */
  gc.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  gc.empty = (host, key) => host.replaceChildren(gc.el("li", { class: "empty", text: gc.t(key) }));
  gc.calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** Show a number, counting there in a moment when it changes. `data-value` holds the true one at once. */
  gc.count = (node, value) => {
    if (!node) return;
    const to = value ?? null;
    const from = Number(node.dataset.value);
    const first = node.dataset.value === undefined;
    node.dataset.value = to === null ? "" : to;
    cancelAnimationFrame(node.gcTween);
    if (first || to === null || gc.calm.matches || from === to || document.hidden) return gc.set(node, gc.num(to));
    const start = performance.now();
    const step = (now) => {
      const x = Math.min(1, (now - start) / 350);
      gc.set(node, gc.num(Math.round(from + (to - from) * (1 - (1 - x) ** 3))));
      if (x < 1) node.gcTween = requestAnimationFrame(step);
    };
    node.gcTween = requestAnimationFrame(step);
  };

  // --- the address is the view -------------------------------------------------------------------------------
  /** The address with some keys changed; defaults and empty values are left out. */
  gc.searchWith = (changes) => {
    const params = new URLSearchParams(location.search);
    if ("area" in changes) params.delete("level");
    for (const [key, value] of Object.entries(changes)) {
      const text = String(value ?? "");
      const usual = key === "lang" ? boot.lang : boot.defaults[key] ?? "";
      if (text === usual) params.delete(key);
      else params.set(key, text);
    }
    const search = params.toString();
    return search ? `?${search}` : "";
  };
  gc.navigate = (changes) => {
    const search = gc.searchWith(changes);
    if (search !== location.search) window.dash_clientside.set_props("url", { search });
  };
  /** Code of the area one step up, or null when the focus is the whole region. */
  gc.parent = () => {
    const path = gc.address?.focus.path ?? [];
    return path.length > 1 ? path[path.length - 2].code : null;
  };

  /** Exercises and replays are named by their own addresses, everything else by the page's timeline. */
  const scoped = (path) =>
    gc.timeline === "live" || /^\/(drills|forks|replays)\b|[?&](replay|timeline)=/.test(path) ? path : `${path}${path.includes("?") ? "&" : "?"}timeline=${encodeURIComponent(gc.timeline)}`;
  /** JSON from the API; throws an Error whose message is the API's own sentence, in the screen's language where it has one. */
  gc.api = async (path, body, signal) => {
    let answer;
    try {
      answer = await fetch(`/api/v1${scoped(path)}`, {
        signal,
        ...(body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error(gc.t("desk.unreachable"));
    }
    // A body that breaks off is no answer: whoever asked something else meanwhile took this question back, or the line is gone.
    const json = await answer.json().catch((error) => {
      if (error.name === "AbortError") throw error;
      return null;
    });
    if (!json) throw Object.assign(new Error(gc.t("desk.unreachable")), { status: answer.status });
    const said = (gc.lang === "zh" && json.error_zh) || json.error;
    if (!answer.ok) throw Object.assign(new Error(said || gc.t("desk.unreachable")), { status: answer.status, reason: json.reason });
    return json;
  };
})();
