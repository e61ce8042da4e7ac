// What needs a script: sharing, copying, filtering as one types, and the number of reads. The pages read without it.
"use strict";

const shown = (element) => { (element.closest("[hidden]") || element).hidden = false; };

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  shown(button);
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.style.minWidth = `${button.getBoundingClientRect().width}px`; // so that the shorter text moves nothing
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) break;
  shown(button);
  button.addEventListener("click", () => {
    navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {});
  });
}

for (const field of document.querySelectorAll("[data-filter]")) {
  shown(field);
  const none = document.getElementById("none");
  // "nguyen" finds "Nguyễn".
  const folded = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLocaleLowerCase();
  field.addEventListener("input", () => {
    const wanted = folded(field.value.trim());
    let found = 0;
    for (const section of document.getElementById(field.dataset.filter).children) {
      let inside = 0;
      for (const item of section.querySelectorAll("[data-name]")) {
        item.hidden = !folded(item.dataset.name).includes(wanted);
        inside += !item.hidden;
      }
      section.hidden = !inside;
      found += inside;
    }
    none.hidden = found > 0;
  });
}

for (const place of document.querySelectorAll("[data-views]")) {
  const address = place.dataset.views;
  const show = async () => {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const { views } = await answer.json();
    if (!views) return;
    const language = document.documentElement.lang;
    const forms = JSON.parse(place.dataset.forms);
    // The words may be of another language than the page: one that has none of its own is worded in English.
    const form = forms[new Intl.PluralRules(place.dataset.words || language).select(views)] || forms.other;
    place.textContent = form.replace("{count}", new Intl.NumberFormat(language).format(views));
    place.hidden = false;
  };
  // A page counts once it has been looked at, and not inside another one; a static tree answers neither, and nothing shows.
  const framed = window.top !== window.self;
  const count = async () => {
    try {
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
