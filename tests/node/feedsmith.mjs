// node feedsmith.mjs rss|atom|json: what feedsmith tells of each document, in the words of tests/readers/result.py.
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from "feedsmith";
import { answerEach } from "./documents.mjs";

const many = (list) => list ?? [];
const href = (links, rel) => many(links).find((link) => (link.rel ?? "alternate") === rel)?.href;
const linkPairs = (links) => many(links).map((link) => [link.rel ?? "alternate", link.href]);
const name = (person) => person.name;

function lead(media) {
  const content = many(media?.contents)[0];
  return { image: content?.url, credit: many(content?.credits)[0]?.value };
}

const rssEntry = (item) => ({
  id: item.guid?.value,
  link: item.link,
  title: item.title,
  published: item.pubDate,
  updated: item.atom?.updated,
  authors: many(item.dc?.creators),
  categories: many(item.categories).map(name),
  summary: item.description,
  content: item.content?.encoded,
  enclosures: many(item.enclosures).map(({ url, type, length }) => ({ url, type, length })),
  language: many(item.dc?.languages)[0],
  ...lead(item.media),
});

const rss = (feed) => ({
  title: feed.title,
  subtitle: feed.description,
  link: feed.link,
  language: feed.language,
  updated: feed.lastBuildDate,
  rights: feed.copyright,
  links: linkPairs(feed.atom?.links),
  entries: many(feed.items).map(rssEntry),
});

const atomEntry = (entry) => ({
  id: entry.id,
  link: href(entry.links, "alternate"),
  title: entry.title?.value,
  published: entry.published,
  updated: entry.updated,
  authors: many(entry.authors).map(name),
  categories: many(entry.categories).map((category) => category.term),
  summary: entry.summary?.value,
  content: entry.content?.value,
  enclosures: many(entry.links)
    .filter((link) => link.rel === "enclosure")
    .map((link) => ({ url: link.href, type: link.type, length: link.length })),
  language: entry.xml?.lang,
  ...lead(entry.media),
});

const atom = (feed) => ({
  id: feed.id,
  title: feed.title?.value,
  subtitle: feed.subtitle?.value,
  link: href(feed.links, "alternate"),
  language: feed.xml?.lang,
  updated: feed.updated,
  rights: feed.rights?.value,
  links: linkPairs(feed.links),
  entries: many(feed.entries).map(atomEntry),
});

const jsonEntry = (item) => ({
  id: item.id,
  link: item.url,
  title: item.title,
  published: item.date_published,
  updated: item.date_modified,
  authors: many(item.authors).map(name),
  categories: many(item.tags),
  summary: item.summary,
  content: item.content_html ?? item.content_text,
  enclosures: many(item.attachments).map((file) => ({ url: file.url, type: file.mime_type, length: file.size_in_bytes })),
  language: item.language,
  image: item.image,
});

const json = (feed) => ({
  id: feed.feed_url,
  title: feed.title,
  subtitle: feed.description,
  link: feed.home_page_url,
  language: feed.language,
  links: [
    ["alternate", feed.home_page_url],
    ["self", feed.feed_url],
    ...(feed.next_url ? [["next", feed.next_url]] : []),
    ...many(feed.hubs).map((hub) => ["hub", hub.url]),
  ],
  entries: many(feed.items).map(jsonEntry),
});

const FORMATS = {
  rss: (document) => rss(parseRssFeed(document)),
  atom: (document) => atom(parseAtomFeed(document)),
  json: (document) => json(parseJsonFeed(JSON.parse(document))),
};

answerEach(FORMATS[process.argv[2]]);
