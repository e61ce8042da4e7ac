// What a browser adds to the view of a feed: the head and stylesheets of the site, pictures, links on titles, and dates as on pages.
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

const pathOf = (address) => new URL(address, document.URL).pathname;

// The page that shows the same list as the feed.
const load = async (feed) => {
  const answer = await fetch(pathOf(addressOf(feed)));
  return new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
};

// Dates as the page has them, else in the reader's own words.
const showDates = (entries, page) => {
  const words = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "medium", timeStyle: "short" });
  const times = [...page.querySelectorAll("article:has(time) :is(h2, h3) a")]
    .map((link) => [pathOf(link.getAttribute("href")), link.closest("article").querySelector("time").textContent]);
  const shown = new Map(times);
  for (const entry of entries) {
    for (const date of [...children(entry, "pubDate"), ...children(entry, "published")]) {
      const moment = Date.parse(date.textContent);
      date.textContent = shown.get(pathOf(addressOf(entry))) || (Number.isNaN(moment) ? date.textContent : words.format(moment));
    }
  }
};

const start = async () => {
  const feed = child(root, "channel") || root;
  const entries = [...children(feed, "item"), ...children(feed, "entry")];
  [feed, ...entries].forEach(linkTitle);
  entries.forEach(showPicture);
  const page = await load(feed).catch(() => new Document());
  const head = page.querySelectorAll("link[rel=stylesheet], body > header");
  const { dir } = page.documentElement || {};
  root.prepend(...[...head].map((one) => Object.assign(document.importNode(one, true), dir && { dir })));
  showDates(entries, page);
};
// Not every browser defers scripts in XML.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
