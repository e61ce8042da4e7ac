# frozen_string_literal: true

# ruby ruby_rss.rb rss|atom: read each document by ruby's rss library with validation, with the field names of
# tests/readers/result.py. Standard input is the documents joined by NUL; the output is one JSON list.

require "json"
require "rss"

def content(element) = element&.content
def time(element) = content(element)&.xmlschema
def href(links, rel) = links.find { |link| (link.rel || "alternate") == rel }&.href

def rss_entry(item)
  {
    id: content(item.guid),
    link: item.link,
    title: item.title,
    published: item.pubDate&.xmlschema,
    authors: item.dc_creators.map(&:content),
    categories: item.categories.map(&:content),
    summary: item.description,
    content: item.content_encoded,
    enclosures: [item.enclosure].compact.map { |e| { url: e.url, type: e.type, length: e.length } },
    language: item.dc_language,
  }
end

def rss(document)
  channel = document.channel
  {
    title: channel.title,
    subtitle: channel.description,
    link: channel.link,
    language: channel.language,
    updated: channel.lastBuildDate&.xmlschema,
    rights: channel.copyright,
    entries: document.items.map { |item| rss_entry(item) },
  }
end

def atom_enclosures(links)
  links.select { |link| link.rel == "enclosure" }
       .map { |link| { url: link.href, type: link.type, length: link.length&.to_i } }
end

def atom_entry(entry)
  {
    id: content(entry.id),
    link: href(entry.links, "alternate"),
    title: content(entry.title),
    published: time(entry.published),
    updated: time(entry.updated),
    authors: entry.authors.map { |author| content(author.name) },
    categories: entry.categories.map(&:term),
    summary: content(entry.summary),
    content: content(entry.content),
    enclosures: atom_enclosures(entry.links),
    language: entry.lang,
  }
end

def atom(feed)
  {
    id: content(feed.id),
    title: content(feed.title),
    subtitle: content(feed.subtitle),
    link: href(feed.links, "alternate"),
    language: feed.lang,
    updated: time(feed.updated),
    rights: content(feed.rights),
    links: feed.links.map { |link| [link.rel || "alternate", link.href] },
    entries: feed.entries.map { |entry| atom_entry(entry) },
  }
end

FORMATS = { "rss" => [RSS::Rss, method(:rss)], "atom" => [RSS::Atom::Feed, method(:atom)] }.freeze
EXPECTED, TELL = FORMATS.fetch(ARGV.fetch(0))

def answer(document)
  feed = RSS::Parser.parse(document, do_validate: true, ignore_unknown_element: true)
  raise RSS::Error, "parsed as #{feed.class}" unless feed.is_a?(EXPECTED)

  { result: TELL.call(feed) }
rescue RSS::Error => error
  { error: "#{error.class}: #{error.message}" }
end

puts JSON.generate($stdin.binmode.read.split("\0", -1).map { |document| answer(document) })
