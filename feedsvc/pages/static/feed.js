// What a browser adds to the view of a feed: links on titles and addresses, and dates in the reader's own words. Feed readers get
// the feed without this script, and without it the view reads, too.
"use strict";

const XHTML = "http://www.w3.org/1999/xhtml";
const ATOM = "http://www.w3.org/2005/Atom";

const children = (element, name) => [...element.children].filter((one) => one.localName === name);
const child = (element, name) => children(element, name)[0];
const isAlternate = (link) => (link.getAttribute("rel") || "alternate") === "alternate" && !link.hasAttribute("hreflang");

// The address of an entry or of the site: the text of RSS's link, the attribute of Atom's.
const addressOf = (element) => {
  const link = children(element, "link").find((one) => one.namespaceURI !== ATOM || (element.namespaceURI === ATOM && isAlternate(one)));
  const address = link && (link.namespaceURI === ATOM ? link.getAttribute("href") : link.textContent.trim());
  return { link, address: /^https?:/.test(address || "") ? address : "" };
};

const linked = (element, address, text) => {
  const anchor = document.createElementNS(XHTML, "a");
  anchor.setAttribute("href", address);
  anchor.textContent = text;
  element.replaceChildren(anchor);
};

const describe = (element) => {
  const { link, address } = addressOf(element);
  const title = child(element, "title");
  if (!address) return;
  if (title) linked(title, address, title.textContent);
  linked(link, address, address);
};

const words = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "full", timeStyle: "short" });
const start = () => {
  const root = document.documentElement;
  const feed = child(root, "channel") || root;
  const entries = [...children(feed, "item"), ...children(feed, "entry")];
  [feed, ...entries].forEach(describe);
  for (const date of entries.flatMap((entry) => [...children(entry, "pubDate"), ...children(entry, "published")])) {
    const moment = Date.parse(date.textContent);
    if (!Number.isNaN(moment)) date.textContent = words.format(moment);
  }
};
// Not every browser defers scripts in XML.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
