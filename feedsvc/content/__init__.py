"""YAML and Markdown -> model. The only room with PyYAML, pydantic, comrak, nh3 and pyvips."""
