// What needs a script: sharing, copying, filtering as one types, and the number of reads. The pages read without it.
"use strict";

const shown = (element) => { (element.closest("[hidden]") || element).hidden = false; };

// Told to who listens instead of looking.
const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");
document.body.append(said);

// What took the clipboard's place before there was one, and still does on a page without https.
const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
};

// A list of feeds says once what each of its buttons would have to say: a button copies the address of the link beside it, as it is
// for the public, and is named for its list entry.
for (const list of document.querySelectorAll("[data-copied]")) {
  const base = document.querySelector("link[rel=canonical]")?.href || document.URL;
  for (const button of list.querySelectorAll('[data-copy=""]')) {
    const link = button.parentElement.querySelector("a");
    const { name } = button.closest("[data-name]").dataset;
    button.dataset.copy = new URL(link.getAttribute("href"), base).href;
    button.setAttribute("aria-label", `${button.textContent}: ${name} (${link.textContent})`);
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  shown(button);
  const label = button.textContent;
  const name = button.getAttribute("aria-label");
  const done = button.dataset.done || button.closest("[data-copied]").dataset.copied;
  button.addEventListener("click", async () => {
    if (!await copied(button.dataset.copy)) {
      // Nothing may write there: the address itself, for the reader to copy.
      const field = Object.assign(document.createElement("input"), { value: button.dataset.copy, readOnly: true, ariaLabel: name || label });
      button.replaceWith(field);
      field.focus();
      field.select();
      return;
    }
    button.style.minWidth = `${button.getBoundingClientRect().width}px`; // so that the shorter text moves nothing
    button.focus();
    button.textContent = said.textContent = done;
    button.removeAttribute("aria-label");
    setTimeout(() => {
      button.textContent = label;
      said.textContent = "";
      if (name) button.setAttribute("aria-label", name);
    }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) break;
  shown(button);
  // The sheet has all services, so the links to them are hidden, if they are below the window at first. Else nothing is hidden,
  // because text that is read would move.
  new IntersectionObserver(([entry], observer) => {
    observer.disconnect();
    if (entry.isIntersecting || entry.boundingClientRect.top < 0) return;
    for (const link of entry.target.querySelectorAll("li:not(:has(button))")) link.hidden = true;
  }).observe(button.closest(".share"));
  button.addEventListener("click", () => {
    navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {});
  });
}

for (const field of document.querySelectorAll("[data-filter]")) {
  shown(field);
  const none = document.getElementById("none");
  const { forms, words } = field.dataset;
  const telling = (found) => {
    const form = JSON.parse(forms)[new Intl.PluralRules(words).select(found)] || JSON.parse(forms).other;
    return form.replace("{count}", new Intl.NumberFormat(document.documentElement.lang).format(found));
  };
  // "nguyen" finds "Nguyễn".
  const folded = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLocaleLowerCase();
  const sections = [...document.getElementById(field.dataset.filter).children];
  field.addEventListener("input", () => {
    const wanted = folded(field.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const section of sections) {
      let inside = 0;
      const kind = section.querySelector("h2").textContent;
      for (const item of section.querySelectorAll("[data-name]")) {
        const about = folded(`${item.dataset.name} ${kind} ${[...item.querySelectorAll(".formats a")].map((one) => one.textContent).join(" ")}`);
        item.hidden = !wanted.every((word) => about.includes(word));
        inside += !item.hidden;
      }
      section.hidden = !inside;
      if (section.localName === "details") section.open = wanted.length > 0;
      found += inside;
    }
    none.hidden = found > 0;
    said.textContent = wanted.length && found ? telling(found) : "";
  });
}

// Times of the last 24 hours: "2 hours ago"; a day without a time stays. The time itself stays as a tooltip, and its width, so
// that nothing moves.
const minutesSince = (time) => Math.round((Date.now() - Date.parse(time.dateTime)) / 60000);
const recent = [...document.querySelectorAll("time[data-ago][datetime*=T]")]
  .map((time) => ({ time, minutes: minutesSince(time) }))
  .filter(({ minutes }) => minutes >= 0 && minutes < 24 * 60)
  .map((one) => ({ ...one, width: one.time.getBoundingClientRect().width }));
for (const { time, minutes, width } of recent) {
  time.style.minWidth = `${width}px`;
  const language = time.closest("[lang]").lang;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  time.title = time.textContent;
  time.textContent = minutes < 60 ? words.format(-minutes, "minute") : words.format(-Math.floor(minutes / 60), "hour");
}

// The most read articles, where reads are counted. They are shown only once their place is below the window, so that nothing moves.
for (const place of document.querySelectorAll("[data-most-read]")) {
  const fill = (articles) => {
    place.querySelector("ol").append(...articles.map(({ title, href, language }) => {
      const link = Object.assign(document.createElement("a"), { href, textContent: title });
      if (language) Object.assign(link, { lang: language, dir: "auto" });
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    shown(place.querySelector("ol"));
  };
  const load = async () => {
    const answer = await fetch(place.dataset.mostRead);
    if (!answer.ok) return;
    const { articles } = await answer.json();
    if (!Array.isArray(articles) || !articles.length) return;
    new IntersectionObserver(([entry], observer) => {
      if (entry.isIntersecting || entry.boundingClientRect.top < 0) return;
      observer.disconnect();
      fill(articles);
    }).observe(place);
  };
  load().catch(() => {});
}

for (const place of document.querySelectorAll("[data-views]")) {
  const address = place.dataset.views;
  const show = async () => {
    if (!place.dataset.forms) return; // show: {views: false}
    const answer = await fetch(address);
    if (!answer.ok) return;
    const { views } = await answer.json();
    if (!Number.isInteger(views)) return;
    const language = document.documentElement.lang;
    const forms = JSON.parse(place.dataset.forms);
    // The words may be of another language than the page: one that has none of its own is worded in English.
    const form = forms[new Intl.PluralRules(place.dataset.words || language).select(views)] || forms.other;
    place.textContent = form.replace("{count}", new Intl.NumberFormat(language).format(views));
    place.hidden = false;
  };
  // A page counts once it has been looked at, and not inside another one. A static tree says that nothing is counted.
  const framed = window.top !== window.self;
  const isCounted = async () => { // the address is /articles/SLUG/views below that of the site
    const answer = await fetch(new URL("../../views.json", new URL(address, document.baseURI)));
    return !answer.ok || (await answer.json()).counted !== false;
  };
  const count = async () => {
    try {
      if (!await isCounted()) return;
      const answer = framed || await fetch(address, { method: "POST", keepalive: true });
      if (framed || answer.ok || answer.status === 429) await show();
    } catch { /* nobody is there to count */ }
  };
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      timer = setTimeout(() => { document.removeEventListener("visibilitychange", look); count(); }, 1000);
    }
  };
  document.addEventListener("visibilitychange", look);
  look();
}
