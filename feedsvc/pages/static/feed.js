// What a browser adds to the view of a feed: the head, foot and stylesheets of the site, the address with a button that copies it, pictures,
// links on titles, and sections, authors and dates as on pages.
// Feed readers get the feed without this script, and without it the view reads, too.
"use strict";

const XHTML = "http://www.w3.org/1999/xhtml";
const ATOM = "http://www.w3.org/2005/Atom";
const MEDIA = "http://search.yahoo.com/mrss/";
const root = document.documentElement;

const children = (element, name) => [...element.children].filter((one) => one.localName === name);
const child = (element, name) => children(element, name)[0];
const isAlternate = (link) => (link.getAttribute("rel") || "alternate") === "alternate" && !link.hasAttribute("hreflang");

// The address of an entry or of the site: the text of RSS's link, the attribute of Atom's.
const addressOf = (element) => {
  const link = children(element, "link").find((one) => one.namespaceURI !== ATOM || (element.namespaceURI === ATOM && isAlternate(one)));
  const address = link && (link.namespaceURI === ATOM ? link.getAttribute("href") : link.textContent.trim());
  return /^https?:/.test(address || "") ? address : "";
};

const make = (name, attributes) => Object.entries(attributes).reduce((made, [key, value]) => {
  made.setAttribute(key, value);
  return made;
}, document.createElementNS(XHTML, name));

const linkTitle = (element) => {
  const href = addressOf(element);
  const title = child(element, "title");
  if (!href || !title) return;
  const anchor = make("a", { href });
  anchor.append(...title.childNodes);
  title.append(anchor);
};

const showPicture = (entry) => {
  const picture = entry.getElementsByTagNameNS(MEDIA, "thumbnail")[0] || entry.querySelector("content[medium=image]");
  if (picture) entry.prepend(make("img", { src: picture.getAttribute("url"), alt: "", loading: "lazy" }));
};

const offerCopy = () => {
  const button = make("button", { type: "button" });
  const label = button.textContent = "Copy address";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.URL);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  const place = make("p", { class: "copy" });
  const address = make("code", { dir: "ltr" });
  address.textContent = document.URL;
  place.append(address, button);
  root.append(place);
};

const pathOf = (address) => new URL(address, document.URL).pathname;

// The page that shows the same list as the feed.
const load = async (feed) => {
  const answer = await fetch(pathOf(addressOf(feed)));
  return new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
};

// Section, authors and time of an article on the page. In a block of the front page, the section is that of the block.
const aboutArticle = (link) => {
  const article = link.closest("article");
  const section = article.querySelector(".kicker") ? null : article.closest(".block")?.querySelector("h2 a");
  if (section) section.className = "kicker";
  const parts = article.querySelector(".meta:has(time)")?.children || [article.querySelector("time")];
  return [section, ...parts].filter(Boolean).map((one) => document.importNode(one, true));
};

// Dates with section and authors as the page has them, else in the reader's own words.
const showDates = (entries, page) => {
  const words = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "medium", timeStyle: "short" });
  const links = [...page.querySelectorAll("article:has(time) :is(h2, h3) a")];
  const shown = new Map(links.map((link) => [pathOf(link.getAttribute("href")), link]));
  for (const entry of entries) {
    for (const date of [...children(entry, "pubDate"), ...children(entry, "published")]) {
      const moment = Date.parse(date.textContent);
      const link = shown.get(pathOf(addressOf(entry)));
      date.replaceChildren(...(link ? aboutArticle(link) : [Number.isNaN(moment) ? date.textContent : words.format(moment)]));
    }
  }
};

const start = async () => {
  const feed = child(root, "channel") || root;
  const entries = [...children(feed, "item"), ...children(feed, "entry")];
  [feed, ...entries].forEach(linkTitle);
  entries.forEach(showPicture);
  if (navigator.clipboard) offerCopy();
  const page = await load(feed).catch(() => new Document());
  const { dir } = page.documentElement || {};
  const imported = (selector) => [...page.querySelectorAll(selector)].map((one) => Object.assign(document.importNode(one, true), dir && { dir }));
  root.prepend(...imported("link[rel=stylesheet], body > header"));
  root.append(...imported("body > footer"));
  showDates(entries, page);
};
// Not every browser defers scripts in XML.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
