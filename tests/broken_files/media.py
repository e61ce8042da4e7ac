"""Cases with invalid images and attachments."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import PNG, Case, article, article_with_remote_image

CASES: Final = (
    Case(
        "file of media without its folder",
        article("image: {src: p.png}\nenclosures: [{src: ../media/p.png}]\n"),
        (
            "articles/a.yaml:3:14: image.src: 'p.png' is not a file in media/; did you mean 'media/p.png'?",
            "articles/a.yaml:4:20: enclosures.src: '../media/p.png' is not a file in media/; did you mean 'media/p.png'?",
        ),
    ),
    Case(
        "missing lead image",
        article("image: {src: media/q.png}\n"),
        ("articles/a.yaml:3:14: image.src: no file 'media/q.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "lead image in another letter case",
        article("image: {src: media/P.PNG}\n"),
        (
            "articles/a.yaml:3:14: image.src: no file 'media/P.PNG'; write 'media/p.png', as the file is called: capital letters count",
        ),
    ),
    Case(
        "folder of media in another letter case",
        article("image: {src: Media/P.png}\nbody: '![x](Media/P.png) ![y](Media/none.png)'\n"),
        (
            "articles/a.yaml:3:14: image.src: 'Media/P.png' is not a file in media/; write 'media/p.png', as the file is called: capital letters count",
            "articles/a.yaml:4:13: body: 'Media/P.png' is not a file in media/; write 'media/p.png', as the file is called: capital letters count",
            "articles/a.yaml:4:31: body: 'Media/none.png' is not a file in media/; did you mean 'media/p.png'?",
        ),
    ),
    Case(
        "misspelled lead image",
        article("image: {src: media/pp.png}\n"),
        ("articles/a.yaml:3:14: image.src: no file 'media/pp.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "image outside media",
        article("image: {src: ../q.png}\n"),
        (
            "articles/a.yaml:3:14: image.src: '../q.png' is not a file in media/; write it like media/picture.jpg, or an https address",
        ),
    ),
    Case("image without src", article("image: {alt: x}\n"), ("articles/a.yaml:3:8: image.src: is missing",)),
    Case(
        "missing enclosure",
        article("enclosures: [{src: media/talk.mp3}]\n"),
        ("articles/a.yaml:3:20: enclosures.src: no file 'media/talk.mp3'",),
    ),
    Case(
        "missing enclosure with a name like that of a picture",
        article("enclosures: [{src: media/q.mp3}]\n"),
        ("articles/a.yaml:3:20: enclosures.src: no file 'media/q.mp3'",),
    ),
    Case(
        "missing image in body",
        article("body: |\n  Text\n\n  ![x](media/no.png)\n"),
        ("articles/a.yaml:6:8: body: no file 'media/no.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "missing image in body with blank",
        article("body: |\n  ![x](<media/no way.png>)\n"),
        ("articles/a.yaml:4:9: body: no file 'media/no way.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "missing image written with an entity",
        article("body: |\n  ![x](media/a&amp;b.png)\n"),
        ("articles/a.yaml:3:7: body: no file 'media/a&b.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "NUL character in a path",
        article("body: |\n  [x](media/%00.png)\n"),
        ("articles/a.yaml:4:7: body: no file 'media/?.png'",),
    ),
    Case(
        "damaged image",
        {**article("image: {src: media/bad.png}\n"), "media/bad.png": b"GIF"},
        ("articles/a.yaml:3:14: image.src: 'media/bad.png' is damaged or no picture at all; save it again as JPEG or PNG",),
    ),
    Case(
        "ending of another image format",
        {**article("image: {src: media/j.jpg}\n"), "media/j.jpg": PNG},
        (
            "articles/a.yaml:3:14: image.src: 'media/j.jpg' holds image/png, which its name does not say; rename it to end in .png",
        ),
    ),
    Case(
        "svg as lead image",
        {**article("image: {src: media/x.svg}\n"), "media/x.svg": "<svg/>"},
        ("articles/a.yaml:3:14: image.src: 'media/x.svg' is no picture that readers show; use JPEG, PNG, GIF, WebP or AVIF",),
    ),
    Case(
        "folder as enclosure",
        {**article("enclosures: [{src: media/sub}]\n"), "media/sub/x.txt": "x"},
        ("articles/a.yaml:3:20: enclosures.src: 'media/sub' is a folder or a device, not a file",),
    ),
    Case(
        "remote image without dimensions",
        article("image: {src: 'https://x.example/p.png'}\n"),
        ("articles/a.yaml:3:1: image: a picture at another address needs type, width, height too",),
    ),
    Case(
        "remote image without width",
        article_with_remote_image("type: image/png, height: 4"),
        ("articles/a.yaml:3:1: image: a picture at another address needs width too",),
    ),
    Case(
        "remote image with http",
        article("image: {src: 'http://x.example/p.png', type: image/png, width: 4, height: 4}\n"),
        ("articles/a.yaml:3:14: image.src: 'http://x.example/p.png' is not an https address",),
    ),
    Case(
        "remote image of unsupported type",
        article("image: {src: 'https://x.example/p.svg', type: image/svg+xml, width: 4, height: 4}\n"),
        (
            "articles/a.yaml:3:47: image.type: 'image/svg+xml' is no picture that readers show; one of image/avif, image/gif, image/jpeg, image/png, image/webp",
        ),
    ),
    Case(
        "invalid media type of a remote image",
        article_with_remote_image("type: png, width: 4, height: 4"),
        ("articles/a.yaml:3:45: image.type: 'png' is not a media type; write it like image/jpeg",),
    ),
    Case(
        "remote enclosure without length",
        article("enclosures: [{src: 'https://x.example/a.mp3', type: audio/mpeg}]\n"),
        (
            "articles/a.yaml:3:14: enclosures: a file at another address needs length too; for example type: audio/mpeg, length: 12345678",
        ),
    ),
    Case(
        "remote enclosure without type and length",
        article("enclosures: [{src: 'https://x.example/a.mp3'}]\n"),
        (
            "articles/a.yaml:3:14: enclosures: a file at another address needs type and length too; for example type: audio/mpeg, length: 12345678",
        ),
    ),
    Case(
        "remote enclosure without host",
        article("enclosures: [{src: 'https://', type: audio/mpeg, length: 1}]\n"),
        ("articles/a.yaml:3:20: enclosures.src: 'https://' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "negative length",
        article("enclosures: [{src: 'https://x.example/a.mp3', type: audio/mpeg, length: -1}]\n"),
        ("articles/a.yaml:3:73: enclosures.length: expected a whole number, at least 0, found '-1'",),
    ),
)
