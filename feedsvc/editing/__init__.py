"""What editors' tools do to a content folder: ids written in, files compared with what git remembers."""
