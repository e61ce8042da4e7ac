"""Schema of the editors' files: types, validation, descriptions and JSON Schemas of their keys.

`validation.validate_document` turns the plain values of a YAML file into a model of its valid keys, and adds problems to the
document. `content.reading` validates files with this package; `editing` and `cli` write JSON Schemas; others validate single
values.
"""

__all__ = ["dates", "field_types", "json_schema", "models", "validation"]
