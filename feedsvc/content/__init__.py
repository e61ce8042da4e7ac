"""YAML and Markdown -> model. The only room with PyYAML, pydantic, markdown-it-py, nh3 and Pillow."""
